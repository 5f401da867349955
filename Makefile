# `make help` lists the targets. Each target makes or updates the virtual environment that it needs.

ARGS ?=
TESTS ?=
# default: the interpreter of .venv, or else the first on the PATH that is new enough
PYTHON ?=
VENV ?= .venv
BIN := $(VENV)/bin
SET_UP = @sh tools/set_up.sh "$(VENV)"
PYTEST := pytest -n auto --dist worksteal

# the tests start hundreds of commands, and with this variable each compiles its modules again
unexport PYTHONDONTWRITEBYTECODE

.PHONY: run test test-fresh test-pythons coverage lint lock clean help

run: ## Crawl, publish and serve: foreign-eyes up. Options: make run ARGS="live --port 8080"
	$(SET_UP) run "$(PYTHON)"
	@$(BIN)/foreign-eyes up $(ARGS)

test: lint ## Lint, then run the tests. Some of them: make test TESTS="tests/test_cli_up.py -k port"
	@$(BIN)/python -m $(PYTEST) $(TESTS)

# A failure prints its example, to be copied into a test.
test-fresh: ## Run the property tests with new random examples
	$(SET_UP) test "$(PYTHON)"
	@FRESH=1 $(BIN)/python -m $(PYTEST) -m "hypothesis and not fixed" $(TESTS)

test-pythons: ## Run the tests with each Python from 3.11 to 3.14 on this machine
	@sh tools/each_python.sh $(MAKE) test

# Each command that a test starts writes a data file; they go to a temporary folder.
coverage: lint ## Run the tests and print which lines they do not cover
	@folder=$$(mktemp -d) && trap 'rm -rf "$$folder"' EXIT && trap 'exit 130' INT && trap 'exit 143' HUP TERM && \
	export COVERAGE_FILE="$$folder/data" && $(BIN)/coverage run -m $(PYTEST) $(TESTS) && \
	$(BIN)/coverage combine --quiet && $(BIN)/coverage report

lint: ## Check the code with ruff and mypy
	$(SET_UP) test "$(PYTHON)"
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy

LOCK = uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	--custom-compile-command "make lock"
lock: ## Write the lock files from pyproject.toml (needs uv)
	@$(LOCK) pyproject.toml --group build -o requirements.lock
	@$(LOCK) --group build -c requirements.lock -o requirements-build.lock
	@$(LOCK) pyproject.toml --group build --group dev -c requirements.lock -o requirements-test.lock

clean: ## Remove the virtual environment and caches; keep archives and published files
	@rm -rf .venv .venv-* .coverage .coverage.* .mypy_cache .pytest_cache .ruff_cache .hypothesis build dist *.egg-info
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

help: ## List the targets
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/\1:\2/p' $(firstword $(MAKEFILE_LIST)) | \
	while IFS=: read -r target text; do printf '  %-13s %s\n' "$$target" "$$text"; done
	@echo "Set PYTHON=/path/to/python3 to choose the interpreter."
