# The front door. Needs nothing but make and Python 3.11 or newer: every target makes .venv itself.

.DEFAULT_GOAL := help
.PHONY: help demo test wander check format check-but-test format-check lint types imports sizes spelling docs conformance sweep backfill-sweep faults bench clean

SHELL := /bin/sh
VENV ?= .venv
BIN := $(VENV)/bin
JOBS ?= 2
KILLS ?= 50
# The first of these that runs and is new enough makes the environment; `make PYTHON=...` chooses another.
PYTHON ?= $(shell for python in python3.13 python3.12 python3.11 python3 python; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && { echo $$python; break; }; done)

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(VENV)/.examples ## run the flights example from the command line (makes .venv first)
	PATH="$(abspath $(BIN)):$$PATH" sh examples/nycflights/demo.sh

# A process has one Ray at most, so the tests that keep one through a session run by themselves.
test: $(VENV)/.test ## run the whole test suite (makes .venv first)
	$(BIN)/python -m pytest -n $(JOBS) -q --ignore=tests/executors/penstock_ray --ignore=tests/integration/on_ray
	$(BIN)/python -m pytest -q tests/executors/penstock_ray
	$(BIN)/python -m pytest -q tests/integration/on_ray

wander: $(VENV)/.test ## try the properties with other examples, by chance, than the test suite does
	$(BIN)/python -m pytest -n $(JOBS) -q --hypothesis-profile=wander -m "not slow and not faults" \
		tests/core tests/executors/penstock_local tests/io_managers

check: test check-but-test ## everything that a change must pass

check-but-test: format-check lint types imports spelling

format: $(VENV)/.dev ## rewrite the sources in the house format, mend what ruff can mend
	$(BIN)/ruff check --fix --quiet . || true
	$(BIN)/ruff format .

format-check: $(VENV)/.dev
	$(BIN)/ruff format --check .

lint: $(VENV)/.dev ## ruff: all rules but those excused in pyproject.toml
	$(BIN)/ruff check .

types: $(VENV)/.dev ## pyright, strict
	$(BIN)/pyright

imports: $(VENV)/.dev ## the import contracts of pyproject.toml
	$(BIN)/lint-imports

sizes: $(VENV)/.dev ## modules, functions and classes against the house limits
	$(BIN)/python -m pytest -q tests/house

spelling: $(VENV)/.dev
	$(BIN)/codespell

docs: $(VENV)/.test ## run every code block of the documentation
	$(BIN)/python -m pytest -q tests/docs

conformance: $(VENV)/.test ## the conformance suite, where it stands beside the checkout
	$(BIN)/python .ci/conformance.py

sweep: $(VENV)/.test ## kill the flights example at random moments, KILLS times, and look at what is left
	$(BIN)/python tests/integration/kill_sweep.py --kills $(KILLS)

backfill-sweep: $(VENV)/.test ## kill a backfill of a year at random moments, KILLS times, and count what is on record
	$(BIN)/python tests/integration/backfill_sweep.py --kills $(KILLS)

faults: $(VENV)/.test ## break a Ray cluster of several nodes in every way, some minutes
	$(BIN)/python -m pytest -q -m faults tests/integration

bench: $(VENV)/.test ## measure the budgets
	$(BIN)/python -m benchmarks

clean: ## remove .venv and what the tools leave behind
	rm -rf $(VENV) build dist .pytest_cache .ruff_cache .hypothesis .import_linter_cache

# Each stamp says: the environment holds this extra of the pyproject.toml that stands here now.
$(VENV)/bin/python:
	@test -n "$(PYTHON)" || { \
		echo "Penstock needs Python 3.11 or newer; none of python3.13, python3.12, python3.11, python3 is."; \
		echo "Install one, or name it: make $(MAKECMDGOALS) PYTHON=/path/to/python3"; exit 1; }
	$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); exit 1; }

$(VENV)/.examples: EXTRA = examples
$(VENV)/.test: EXTRA = test
$(VENV)/.dev: EXTRA = dev
$(VENV)/.examples $(VENV)/.test $(VENV)/.dev: $(VENV)/bin/python pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable ".[$(EXTRA)]"
	@touch $@
