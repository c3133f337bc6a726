# Needs make, and Python 3.11 or newer with pip: each target makes the environment that it needs.

PYTHON ?= python3
VENV ?= .venv
DEMO_VENV ?= .venv-demo
BENCHMARKS_VENV ?= .venv-benchmarks

BIN := $(VENV)/bin
DEMO_PYTHON := $(DEMO_VENV)/bin/python
BENCHMARKS_PYTHON := $(BENCHMARKS_VENV)/bin/python

export URL
DEMO_OPTIONS = $(if $(filter 1,$(ALL)),--all) $(if $(URL),--url "$$URL") $(DEMO_ARGS)

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PRECIOUS: %/.made
.PHONY: help demo test lint types docs imports check benchmarks benchmarks-quick clean

help:  ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))
	@echo
	@echo 'ALL=1, URL=..., DEMO_ARGS=... are for the demo, PYTEST_ARGS=... is for the tests,'
	@echo 'BENCHMARKS_ARGS="--repeats 31" is for the benchmarks;'
	@echo 'PYTHON=python3.13 names the Python, VENV=.venv-313 the folder of its environment,'
	@echo 'PINS="sqlalchemy==2.0.56" versions to install in it.'

demo: $(DEMO_VENV)/.installed  ## walk through dalkit with the cities of the world
	PYTHONPATH=examples $(DEMO_PYTHON) -m world_cities $(DEMO_OPTIONS)

test: $(VENV)/.installed-test  ## run all tests
	$(BIN)/python -m pytest $(PYTEST_ARGS)

lint: $(VENV)/.installed-lint  ## check style and format
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.installed-types  ## check types with mypy and pyright, both strict
	$(BIN)/mypy
	$(BIN)/pyright --pythonpath $(BIN)/python

docs: $(VENV)/.installed-docs  ## build the site into site/
	$(BIN)/mkdocs build --strict

imports: $(VENV)/.installed-lint  ## check which module imports which
	$(BIN)/lint-imports

check: lint types imports docs test  ## run all of the above but the demo

benchmarks: $(BENCHMARKS_VENV)/.installed  ## measure dalkit beside others, and write the results into docs/
	$(BENCHMARKS_PYTHON) -m benchmarks --pin $(BENCHMARKS_ARGS)

benchmarks-quick: $(BENCHMARKS_VENV)/.installed  ## see that the benchmarks work; writes nothing
	$(BENCHMARKS_PYTHON) -m benchmarks --quick $(BENCHMARKS_ARGS)

clean:  ## remove what these targets made
	rm -rf .venv .venv-* build dist site htmlcov .coverage*
	rm -rf .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# An environment is made once, and installed into again when pyproject.toml has changed.

define NEEDS_PYTHON
import sys
if sys.version_info < (3, 11):
    sys.exit("dalkit needs Python 3.11 or newer, and $(PYTHON) is %s.%s; name another: make PYTHON=python3.12 ..." % sys.version_info[:2])
endef
export NEEDS_PYTHON

%/.made:
	@$(PYTHON) -c "$$NEEDS_PYTHON"
	@echo "making $*"
	@$(PYTHON) -m venv $*
	@$*/bin/python -m pip install --quiet --upgrade pip
	@touch $@

$(VENV)/.installed-%: pyproject.toml | $(VENV)/.made
	@echo "installing what '$*' needs into $(VENV)"
	@$(BIN)/python -m pip install --quiet --editable . --group $* $(PINS)
	@touch $@

$(DEMO_VENV)/.installed: pyproject.toml | $(DEMO_VENV)/.made
	@echo "installing what the demo needs into $(DEMO_VENV)"
	@$(DEMO_PYTHON) -m pip install --quiet --editable '.[demo]'
	@touch $@

$(BENCHMARKS_VENV)/.installed: pyproject.toml | $(BENCHMARKS_VENV)/.made
	@echo "installing what the benchmarks need into $(BENCHMARKS_VENV)"
	@$(BENCHMARKS_PYTHON) -m pip install --quiet --editable . --group benchmarks $(PINS)
	@touch $@
