# `make run` and `make test` do all set-up. ARGS goes to `foreign-eyes up`, TESTS to pytest, PYTHON names the interpreter.

ARGS ?=
TESTS ?=
# without a name: the interpreter that .venv has, else the first that is new enough
PYTHON ?=
VENV ?= .venv
BIN := $(VENV)/bin
SET_UP = @sh tools/set_up.sh "$(VENV)"
PYTEST := pytest -n auto --dist worksteal

# the tests start hundreds of commands, and each would compile its modules again
unexport PYTHONDONTWRITEBYTECODE

.PHONY: run test test-fresh test-pythons coverage lint lock clean

run:
	$(SET_UP) run "$(PYTHON)"
	@$(BIN)/foreign-eyes up $(ARGS)

test: lint
	@$(BIN)/python -m $(PYTEST) $(TESTS)

# The property tests with examples that no run had before. A failure prints its example, to be copied into a test.
test-fresh:
	$(SET_UP) test "$(PYTHON)"
	@FRESH=1 $(BIN)/python -m $(PYTEST) -m "hypothesis and not fixed" $(TESTS)

# The tests on each Python from 3.11 to 3.14 that is on this machine, in an environment of its own.
test-pythons:
	@sh tools/each_python.sh $(MAKE) test

# The tests, and which lines they run. Each command that a test starts writes a file; they go to a folder that is removed.
coverage: lint
	@folder=$$(mktemp -d) && trap 'rm -rf "$$folder"' EXIT && trap 'exit 130' INT && trap 'exit 143' HUP TERM && \
	export COVERAGE_FILE="$$folder/data" && $(BIN)/coverage run -m $(PYTEST) $(TESTS) && \
	$(BIN)/coverage combine --quiet && $(BIN)/coverage report

lint:
	$(SET_UP) test "$(PYTHON)"
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy

# For maintainers: pin anew. Needs uv.
LOCK = uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	--custom-compile-command "make lock"
lock:
	@$(LOCK) pyproject.toml --group build -o requirements.lock
	@$(LOCK) --group build -c requirements.lock -o requirements-build.lock
	@$(LOCK) pyproject.toml --group build --group dev -c requirements.lock -o requirements-test.lock

# What tools made; archives and published files stay.
clean:
	@rm -rf .venv .venv-* .coverage .coverage.* .mypy_cache .pytest_cache .ruff_cache .hypothesis build dist *.egg-info
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
