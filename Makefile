# Two commands do all set-up: `make run` and `make test`. ARGS goes to `foreign-eyes up`, TESTS to pytest.

# The first Python that is new enough; name another with PYTHON=…
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$p; break; }; done)
ARGS ?=
TESTS ?=
BIN := .venv/bin

.PHONY: run test lint lock clean

run: .venv/.run-ready
	@$(BIN)/foreign-eyes up $(ARGS)

test: .venv/.test-ready lint
	@$(BIN)/coverage erase
	@$(BIN)/coverage run -m pytest -n auto $(TESTS)
	@$(BIN)/coverage combine -q
	@$(BIN)/coverage report

lint: .venv/.test-ready
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy

.venv/bin/python:
	@test -n "$(PYTHON)" || { echo "foreign-eyes needs Python 3.11 or later, and there is none here" \
		"(python3 is $$(python3 --version 2>&1)); install one, or name it: make run PYTHON=/path/to/python3" >&2; exit 1; }
	@command -v "$(PYTHON)" >/dev/null || { echo "there is no $(PYTHON) here; name another: make run" \
		"PYTHON=/path/to/python3" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "$(PYTHON) is $$($(PYTHON) --version 2>&1);" \
		"foreign-eyes needs Python 3.11 or later: make run PYTHON=/path/to/python3" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "$(PYTHON) has no venv module;" \
		"on Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; }
	@echo "making .venv with $$($(PYTHON) --version)"
	@$(PYTHON) -m venv .venv

.venv/.run-ready: .venv/bin/python requirements.lock pyproject.toml
	@echo "installing the pinned requirements (once)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

.venv/.test-ready: .venv/.run-ready requirements-test.lock
	@echo "installing what the tests need (once)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-test.lock
	@touch $@

# For maintainers: pin anew. Needs uv.
LOCK = uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	--custom-compile-command "make lock"
lock:
	@$(LOCK) pyproject.toml --group build -o requirements.lock
	@$(LOCK) pyproject.toml --group build --group dev -c requirements.lock -o requirements-test.lock

clean:
	@rm -rf .venv .coverage .coverage.* .mypy_cache .pytest_cache .ruff_cache .hypothesis build dist
