# Two commands are all a fresh machine needs: make demo, make test.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
DEMO_HOME ?= demo_home
DATA ?= ../shared/data
BENCH_LINES ?= 10000000
BENCH_REPEATS ?= 5

SEARCH_ROUNDS ?= 3

.PHONY: demo notebooks test test-fast search check proof bench results lock clean

demo: .venv/runtime  ## environment, made-up company, training, lists, server
	$(BIN)/callfirst --home $(DEMO_HOME) demo $(DEMO_OPTIONS)

notebooks: .venv/notebooks  ## JupyterLab on the notebooks, in the browser
	$(BIN)/jupyter lab --notebook-dir notebooks

test: .venv/development  ## every test
	$(BIN)/python -m pytest -n 2 --dist loadfile

test-fast: .venv/development  ## the inner loop: what needs no training, no server, no browser
	$(BIN)/python -m pytest -n 2 --dist loadfile -m "not slow" tests/contracts tests/specs

search: .venv/development  ## new counter-examples to the laws, with fresh seeds; one that is found becomes a spec
	for round in $$(seq $(SEARCH_ROUNDS)); do \
		HYPOTHESIS_PROFILE=search $(BIN)/python -m pytest -n 2 --hypothesis-seed=random tests/properties || exit 1; done

check: .venv/development  ## lint, format, types, import contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

proof: proof-online_retail_ii proof-cdnow proof-scms_project  ## the whole chain on real ledgers, one target each

proof-%: .venv/development
	$(BIN)/python -m benchmarks.chain $* --data $(DATA)

bench: .venv/development benchmarks/.rivals  ## ratios against named rivals: benchmarks/speed/RESULTS.md
	$(BIN)/python -m benchmarks.speed all --lines $(BENCH_LINES) --repeats $(BENCH_REPEATS)

results: .venv/development benchmarks/.rivals  ## all other pages that a command makes; the picture needs Chromium
	$(BIN)/python -m features.catalog.page
	$(BIN)/python -m training.checks.own_catalogue
	$(BIN)/python -m serving.api.openapi
	$(BIN)/python -m benchmarks.bad_ledgers --rivals benchmarks/.rivals
	$(BIN)/python -m benchmarks.leak_trap
	$(BIN)/python -m benchmarks.accuracy.coverage
	$(BIN)/python -m benchmarks.accuracy.small_companies
	$(BIN)/python -m benchmarks.accuracy.model_results --data $(DATA)
	$(BIN)/python -m benchmarks.accuracy.ablation --data $(DATA)
	$(BIN)/python -m benchmarks.accuracy.learning_curve --data $(DATA)
	$(BIN)/python -m benchmarks.picture call-list.png

lock: .venv/development  ## renews the lock files from pyproject.toml and benchmarks/rivals.in
	$(BIN)/uv pip compile -q pyproject.toml --extra build --extra postgresql --universal --python-version 3.11 --generate-hashes --no-annotate \
		--no-emit-index-url --no-emit-find-links --no-header -o requirements.lock
	$(BIN)/uv pip compile -q pyproject.toml --extra dev --universal --python-version 3.11 --generate-hashes --no-annotate \
		--no-emit-index-url --no-emit-find-links --no-header -c requirements.lock -o requirements-dev.lock
	$(BIN)/uv pip compile -q pyproject.toml --extra notebooks --universal --python-version 3.11 --generate-hashes --no-annotate \
		--no-emit-index-url --no-emit-find-links --no-header -c requirements-dev.lock -o requirements-notebooks.lock
	$(BIN)/uv pip compile -q benchmarks/rivals.in --python-version 3.11 --generate-hashes --no-annotate \
		--no-emit-index-url --no-emit-find-links --no-header -o benchmarks/rivals.lock

clean:  ## everything made, nothing given
	rm -rf .venv benchmarks/.rivals benchmarks/.work $(DEMO_HOME) .import_linter_cache .mypy_cache .ruff_cache .pytest_cache .hypothesis

.venv/bin/python:
	$(PYTHON) -m venv .venv

.venv/runtime: requirements.lock pyproject.toml | .venv/bin/python
	$(BIN)/python -m pip install -qq --require-hashes -r requirements.lock
	$(BIN)/python -m pip install -qq --no-deps --no-build-isolation -e .
	touch $@

.venv/development: requirements-dev.lock pyproject.toml | .venv/bin/python
	$(BIN)/python -m pip install -qq --require-hashes -r requirements-dev.lock
	$(BIN)/python -m pip install -qq --no-deps --no-build-isolation -e .
	touch $@ .venv/runtime

.venv/notebooks: requirements-notebooks.lock .venv/runtime
	$(BIN)/python -m pip install -qq --require-hashes -r requirements-notebooks.lock
	touch $@

benchmarks/.rivals: benchmarks/.rivals/installed  ## the rivals' environment, apart from ours

benchmarks/.rivals/installed: benchmarks/rivals.lock
	$(PYTHON) -m venv benchmarks/.rivals
	benchmarks/.rivals/bin/python -m pip install -qq --require-hashes -r benchmarks/rivals.lock
	touch $@
