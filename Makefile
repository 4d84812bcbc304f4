# `make demo` and `make test` are all a newcomer needs: each sets everything up first.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: demo test lint bench proof docs lock clean

demo: $(VENV)/ready
	$(BIN)/trueup demo

test: $(VENV)/ready
	$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder

lint: $(VENV)/ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(VENV)/ready
	$(BIN)/python bench/dns.py
	$(BIN)/python bench/pass.py
	$(BIN)/python bench/drift.py

# The machine of rotation first, by itself: its cases are many and even, the rest go file by file.
proof: $(VENV)/ready
	rm -rf build/proof
	TRUEUP_PROOF=build/proof $(BIN)/python -m pytest -n 2 --dist worksteal -m "proof or not proof" tests/rotation/machine
	$(BIN)/python bench/proof.py build/proof docs/proof.md
	$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder -m "proof or not proof" --ignore tests/rotation/machine

docs: $(VENV)/ready
	$(BIN)/trueup docs --out docs/resources.md

# Needs `uv` on the PATH; only when dependencies change.
lock:
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --no-emit-index-url --group dev --extra postgresql --extra s3 --output-file requirements.lock pyproject.toml

$(VENV)/ready: requirements.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.12")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch $@

clean:
	rm -rf $(VENV) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
