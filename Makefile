# Every target that needs the environment makes it first; an environment that is up to date is left alone.

ROWS ?= 22000000
SEED ?= 1
# Processes that run the tests; each needs some 3 GB of memory.
WORKERS ?= 2
# The lock file serves later Pythons too; 3.11 is the one the tests run on.
PYTHON ?= $(shell command -v python3.11 || echo python3)

VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.up-to-date

.DEFAULT_GOAL := help
.PHONY: help setup investigate test lint lab docs notebooks translations bench lock clean

help: ## Say what each target does
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' Makefile

setup: $(STAMP) ## Make .venv with the pinned packages and the project

# The stamp comes last: an installation that was interrupted is taken up again, not taken for done.
$(STAMP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "$(PYTHON) is not a Python 3.11 or later: name one with make setup PYTHON=/path/to/python" >&2; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --disable-pip-version-check --require-hashes --requirement requirements.lock
	$(BIN)/python -m pip install --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

investigate: setup ## Make the leak if it is missing, ask it every question, write the report [ROWS=22000000] [SEED=1]
	$(BIN)/toolkit investigate --rows $(ROWS) --seed $(SEED)

test: lint ## Everything that must pass [WORKERS=2]
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder

lint: setup ## What can be told without running: style, types, walls
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

lab: setup ## JupyterLab on notebooks/, without asking the network for anything
	$(BIN)/toolkit lab

docs: setup ## Build the documentation site in site/, without a network
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet
	@echo "Open site/index.html in a browser."

notebooks: setup ## Run the notebooks on 200,000 lines and rewrite the executed copies in docs/notebooks/
	$(BIN)/python -m maintenance.docs

translations: setup ## Extract the texts of the package and update the translation catalogues of toolkit/locale
	$(BIN)/python -m maintenance.translations

bench: setup ## Benchmarks, as ratios to a yardstick of the same run [ROWS=22000000]
	$(BIN)/python -m benchmarks --rows $(ROWS)

# Pins that still serve are kept; delete requirements.lock first to renew them all.
lock: setup ## Bring requirements.lock in step with pyproject.toml
	$(BIN)/uv pip compile pyproject.toml --all-extras --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-annotate --no-header --quiet --output-file requirements.lock

clean: ## Remove the environment, caches and builds; data sets and reports stay
	rm -rf $(VENV) build dist site .pytest_cache .hypothesis .mypy_cache .ruff_cache .import_linter_cache
	find toolkit tests benchmarks maintenance notebooks \( -name __pycache__ -o -name .ipynb_checkpoints \) -prune -exec rm -rf {} +
