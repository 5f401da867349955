# `make run` and `make test` do all set-up. ARGS goes to `foreign-eyes up`, TESTS to pytest, PYTHON names the interpreter.

ARGS ?=
TESTS ?=
# if empty: the interpreter of .venv, else the first that is new enough
PYTHON ?=
VENV ?= .venv
BIN := $(VENV)/bin
SET_UP = @sh tools/set_up.sh "$(VENV)"
PYTEST := pytest -n auto --dist worksteal

# the tests start hundreds of commands; with it set, each would compile its modules again
unexport PYTHONDONTWRITEBYTECODE

# `make help` prints the text behind `##` of each target
.PHONY: help run test test-fresh test-pythons coverage lint lock clean

run: ## Crawl a source (the sample, until you configure another), publish it, and serve; ARGS="--no-serve" ends after that
	$(SET_UP) run "$(PYTHON)"
	@$(BIN)/foreign-eyes up $(ARGS)

test: lint ## Lint, type check and all tests; TESTS=tests/test_crawl.py runs some, PYTHON=python3.13 chooses the interpreter
	@$(BIN)/python -m $(PYTEST) $(TESTS)

# A failure prints its example, to be copied into a test.
test-fresh: ## Property tests with examples that no run had before
	$(SET_UP) test "$(PYTHON)"
	@FRESH=1 $(BIN)/python -m $(PYTEST) -m "hypothesis and not fixed" $(TESTS)

# Each Python has an environment of its own.
test-pythons: ## The tests on each Python from 3.11 to 3.14 of this machine
	@sh tools/each_python.sh $(MAKE) test

# Each command that a test starts writes a file of its own; the folder of these files is removed at the end.
coverage: lint ## The tests, and a report of the lines that they run
	@folder=$$(mktemp -d) && trap 'rm -rf "$$folder"' EXIT && trap 'exit 130' INT && trap 'exit 143' HUP TERM && \
	export COVERAGE_FILE="$$folder/data" && $(BIN)/coverage run -m $(PYTEST) $(TESTS) && \
	$(BIN)/coverage combine --quiet && $(BIN)/coverage report

lint: ## Linter, formatter and type checker
	$(SET_UP) test "$(PYTHON)"
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy

LOCK = uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	--custom-compile-command "make lock"
lock: ## Pin dependencies again; needs uv and the network
	@$(LOCK) pyproject.toml --group build -o requirements.lock
	@$(LOCK) --group build -c requirements.lock -o requirements-build.lock
	@$(LOCK) pyproject.toml --group build --group dev -c requirements.lock -o requirements-test.lock

clean: ## Remove what tools made; archives and published files stay
	@rm -rf .venv .venv-* .coverage .coverage.* .mypy_cache .pytest_cache .ruff_cache .hypothesis build dist *.egg-info
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

help: ## Print this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1|\2/p' Makefile | awk -F '|' '{ printf "make %-13s %s\n", $$1, $$2 }'
