# Every target that needs the environment makes it first, and leaves it alone if it is up to date.

ROWS ?= 22000000
SEED ?= 1
# Processes that run the tests; each needs some 3 GB of memory.
WORKERS ?= 2
# The lock file also works for later versions; the tests run on 3.11.
PYTHON ?= $(shell command -v python3.11 || echo python3)

VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.up-to-date

.DEFAULT_GOAL := help
.PHONY: help setup investigate test lint lab docs notebooks translations bench lock clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' Makefile

setup: $(STAMP) ## Make .venv with the pinned packages and the project

# The stamp is written last, so that an interrupted installation is repeated.
$(STAMP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "$(PYTHON) is not Python 3.11 or later: choose one with make setup PYTHON=/path/to/python" >&2; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --disable-pip-version-check --require-hashes --requirement requirements.lock
	$(BIN)/python -m pip install --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

investigate: setup ## Make the leak if it is missing, answer every question, run the notebooks, write the report [ROWS=22000000] [SEED=1]
	$(BIN)/toolkit investigate --rows $(ROWS) --seed $(SEED)

test: lint ## Run every check [WORKERS=2]
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder

lint: setup ## Check style, types and architecture, without the tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

lab: setup ## Open notebooks/ in JupyterLab, without a network
	$(BIN)/toolkit lab

docs: setup ## Build the documentation site in site/, without a network
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet
	@echo "Open site/index.html in a browser."

notebooks: setup ## Run the notebooks on 200,000 lines and rewrite the executed copies in docs/notebooks/
	$(BIN)/python -m maintenance.docs

translations: setup ## Extract the texts of the package and update the translation catalogues of toolkit/locale
	$(BIN)/python -m maintenance.translations

bench: setup ## Measure times as ratios to a yardstick of the same run [ROWS=22000000]
	$(BIN)/python -m benchmarks --rows $(ROWS)

# Pins that still fit are kept; delete requirements.lock first to renew them all.
lock: setup ## Update requirements.lock after a change of pyproject.toml
	$(BIN)/uv pip compile pyproject.toml --all-extras --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-annotate --no-header --quiet --output-file requirements.lock

clean: ## Remove the environment, caches and builds; data sets and reports stay
	rm -rf $(VENV) build dist site .pytest_cache .hypothesis .mypy_cache .ruff_cache .import_linter_cache
	find toolkit tests benchmarks maintenance notebooks \( -name __pycache__ -o -name .ipynb_checkpoints \) -prune -exec rm -rf {} +
