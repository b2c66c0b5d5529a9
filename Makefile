# Everything a newcomer or CI runs. `make help` lists it.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
PYTHON ?= python3.11
BIN := .venv/bin
DEMO_HOME ?= .aop-demo
# Numeric kernels run with one thread each: spinning pools on two busy cores cost up to 60x.
export OMP_NUM_THREADS ?= 1
export OPENBLAS_NUM_THREADS ?= 1
export NUMBA_NUM_THREADS ?= 1
# rooms whose every test starts dbt or Dagster
SLOW_ROOMS := $(addprefix --ignore=tests/,dagster_project dbt end_to_end)
export DO_NOT_TRACK ?= 1
export DAGSTER_DISABLE_TELEMETRY ?= 1

.PHONY: help setup demo test check style types sql quick bench docs serve lock clean

help: ## list the targets
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-8s %s\n", $$1, $$2}'

setup: .venv/.installed ## make .venv with aop in it, from requirements.lock

.venv/.installed: requirements.lock pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@test -x $(BIN)/uv || $(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	$(BIN)/uv pip sync --quiet --compile-bytecode --python $(BIN)/python --require-hashes requirements.lock
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@$(BIN)/python -c "from pipelines import warehouse; warehouse.manifest()"  # dbt parses once
	@$(BIN)/python -m doctest solvers/territories.py  # and numba compiles once
	@touch $@

demo: setup ## make a small company, plan it, watch it drift and re-plan
	$(BIN)/aop demo --play --home $(DEMO_HOME)

test: setup ## every test
	$(BIN)/python -m pytest -q -n 2 --dist loadscope --no-loadscope-reorder

check: setup ## style, types, import stairs, SQL, quick tests: under 90 seconds
	@$(MAKE) --no-print-directory --output-sync -j 3 types sql style quick

style: setup
	$(BIN)/ruff check --quiet .
	$(BIN)/ruff format --quiet --check .
	$(BIN)/lint-imports > /dev/null || $(BIN)/lint-imports

types: setup
	$(BIN)/mypy

sql: setup .venv/.linted
	cd dbt && AOP_HOME=/nonexistent ../$(BIN)/dbt --quiet parse --profiles-dir . --target-path target/check --no-send-anonymous-usage-stats

# only what changed since it was last clean; macros and rules change what every model is
.venv/.linted: $(shell find dbt/models dbt/macros -name '*.sql') dbt/.sqlfluff requirements.lock
	$(BIN)/sqlfluff lint --processes 1 -q $(if $(filter-out dbt/models/%,$?),dbt/models,$?)
	@touch $@

# one process: beside types and sql a second would pay every import again for nothing
quick: setup
	$(BIN)/python -m pytest -q -m "not slow" $(SLOW_ROOMS) tests

bench: setup ## measure, each figure as a ratio to a named baseline in the same run
	$(BIN)/python -m tests.benchmarks

docs: setup ## the warehouse as pages: dbt/target/docs/static_index.html
	$(BIN)/python -m pipelines.diagrams
	cd dbt && AOP_HOME=/nonexistent ../$(BIN)/dbt --quiet parse --profiles-dir . --target-path target/docs
	cd dbt && AOP_HOME=/nonexistent ../$(BIN)/dbt --quiet docs generate --static --empty-catalog --no-compile --profiles-dir . --target-path target/docs

serve: setup ## review pages of the demo home on 127.0.0.1
	$(BIN)/aop serve --home $(DEMO_HOME)

lock: ## rewrite requirements.lock from pyproject.toml
	$(BIN)/uv pip compile --quiet --generate-hashes --no-emit-index-url --extra dev --extra bench pyproject.toml -o requirements.lock

clean: ## remove the demo home, caches and the environment
	rm -rf .venv $(DEMO_HOME) dbt/target dbt/logs .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
