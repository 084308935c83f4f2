"""Known weaknesses of the pinned packages, by pip-audit; skipped in one line where its data cannot be had.

    python scripts/audit.py

pip-audit is installed into ``.audit`` on the way, an environment of its own: what it depends on is none of
ours. The exit code is 1 where a pinned version has a weakness that :data:`ACCEPTED` does not name, and where
pip-audit fails though its data are there.
"""

import json
import subprocess
import sys
import urllib.error
import urllib.request
import venv
from collections.abc import Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
PINNED = ROOT / "constraints.txt"
AUDIT = ROOT / ".audit"
TOOL = "pip-audit==2.10.1"

ACCEPTED: Mapping[str, str] = {}
"""Identifiers of weaknesses that do not concern this package, and why not."""

_PROBE_S = 5.0
_INSTALL_S, _AUDIT_S = 180.0, 600.0
SERVICE = "osv"
_ADDRESS = "https://api.osv.dev/v1/query"
_QUESTION = b'{"package": {"name": "pip", "ecosystem": "PyPI"}, "version": "19.0"}'
_ANSWER = "vulns"
"""Where pip-audit asks; what has an answer there, and the key that the answer has."""


def main() -> int:
    """Audit what is pinned, or say why that was skipped; 1 where there is something to mend."""
    if reason := unreachable():
        return skipped(f"no advisory service can be reached ({SERVICE}: {reason})")
    tool = AUDIT / "bin" / "pip-audit"
    if not tool.exists() and not installed():
        command = f"python -m venv {AUDIT.name} && {AUDIT.name}/bin/pip install {TOOL}"
        return skipped(f"pip-audit is not installed and could not be: {command}")
    command = [str(tool), "-r", str(PINNED), "--no-deps", "--disable-pip", "-s", SERVICE, "-f", "json"]
    done = subprocess.run(
        [*command, "--progress-spinner", "off"], capture_output=True, text=True, timeout=_AUDIT_S
    )
    try:
        report = json.loads(done.stdout)
    except ValueError:
        if unreachable():
            return skipped("the advisory service went away")
        print(f"audit failed: {' '.join(done.stderr.split())[-500:]}", file=sys.stderr)
        return 1
    return judged(report, ACCEPTED)


def unreachable() -> str:
    """Why the service does not answer with advisories; empty where it does."""
    request = urllib.request.Request(_ADDRESS, _QUESTION, {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=_PROBE_S) as answer:
            # Something else may answer in its place.
            reason = "" if _ANSWER in json.loads(answer.read()) else f"no {_ANSWER!r} in its answer"
    except (OSError, ValueError) as error:
        reason = str(getattr(error, "reason", None) or error)
    return " ".join(reason.split())[:100]


def installed() -> bool:
    """Install pip-audit; whether that worked."""
    venv.create(AUDIT, with_pip=True)
    command = [AUDIT / "bin" / "python", "-m", "pip", "install", "-q", "--retries", "1", TOOL]
    try:
        return subprocess.run(command, capture_output=True, timeout=_INSTALL_S).returncode == 0
    except subprocess.TimeoutExpired:
        return False


def judged(report: Mapping[str, Any], accepted: Mapping[str, str]) -> int:
    """Say what pip-audit found; 1 where something of it is not accepted."""
    packages = report["dependencies"]
    looked_at = [package for package in packages if "vulns" in package]
    findings = 0
    for package in looked_at:
        for weakness in package["vulns"]:
            names = [weakness["id"], *weakness.get("aliases", ())]
            reason = next((accepted[name] for name in names if name in accepted), None)
            fixed = ", ".join(weakness.get("fix_versions", ())) or "no version yet"
            finding = f"{package['name']} {package['version']}: {names[0]}, mended in {fixed}"
            print(finding if reason is None else f"{finding}; accepted: {reason}")
            findings += reason is None
    unknown = [package["name"] for package in packages if "vulns" not in package]
    beside = f"; not known there: {', '.join(unknown)}" if unknown else ""
    print(f"audit: {len(looked_at)} pinned packages, {findings} weaknesses to mend{beside}")
    return 1 if findings or not looked_at else 0


def skipped(reason: str) -> int:
    """Say that nothing was looked at."""
    print(f"audit skipped: {reason}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
