# Two commands are all a fresh machine needs: make demo, make test.
PYTHON ?= python3.11
BIN := .venv/bin
DEMO_HOME ?= demo_home

.PHONY: demo test check proof bench results lock clean

demo: .venv/runtime  ## environment, made-up company, training, lists, server
	$(BIN)/callfirst --home $(DEMO_HOME) demo $(DEMO_OPTIONS)

test: .venv/development  ## every test
	$(BIN)/python -m pytest -n 2 --dist loadfile

check: .venv/development  ## lint, format, types, import contracts, known vulnerabilities
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

lock: .venv/development  ## renews both lock files from pyproject.toml
	$(BIN)/uv pip compile -q pyproject.toml --extra build --universal --python-version 3.11 --generate-hashes --no-annotate \
		--no-emit-index-url --no-emit-find-links --no-header -o requirements.lock
	$(BIN)/uv pip compile -q pyproject.toml --extra dev --universal --python-version 3.11 --generate-hashes --no-annotate \
		--no-emit-index-url --no-emit-find-links --no-header -c requirements.lock -o requirements-dev.lock

clean:  ## everything made, nothing given
	rm -rf .venv $(DEMO_HOME) .mypy_cache .ruff_cache .pytest_cache .hypothesis

.venv/bin/python:
	$(PYTHON) -m venv .venv

.venv/runtime: requirements.lock pyproject.toml | .venv/bin/python
	$(BIN)/python -m pip install -q --require-hashes -r requirements.lock
	$(BIN)/python -m pip install -q --no-deps --no-build-isolation -e .
	touch $@

.venv/development: requirements-dev.lock pyproject.toml | .venv/bin/python
	$(BIN)/python -m pip install -q --require-hashes -r requirements-dev.lock
	$(BIN)/python -m pip install -q --no-deps --no-build-isolation -e .
	touch $@ .venv/runtime
