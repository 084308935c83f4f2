"""Imports run one way, as the packages' layers say."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
LAYERS = ["cli", "report", "carbon", "energy", "agent", "service"]
MAY_IMPORT_EXPORT = {"cli", "pipeline", "agent.freeze", "energy", "report"}
