# Keyaccounts. `make` lists the targets; the first two commands of a newcomer: make demo, make test.

PYTHON ?= python3
PORT ?= 8080
JOBS ?= 2
LINES ?= 1000000
COMPANIES ?= 2000
FIRST ?= 0
BIN := .venv/bin
LOCKS := requirements-setup.txt requirements.txt requirements-dev.txt
READY := .venv/.ready
SPARK_LOCKS := requirements-setup.txt requirements-spark.txt
SPARK_READY := .venv-spark/.ready
BI_PORT ?= 8088
BI_LOCKS := requirements-setup.txt requirements-bi.txt
BI_READY := .venv-bi/.ready
# One lock for every platform and every Python from 3.11 on.
COMPILE := $(BIN)/uv pip compile -q --upgrade --universal --python-version 3.11 --generate-hashes --no-header --no-annotate
# Superset 6.1 works with the packages of its own time; DuckDB is the one of the warehouse.
BI_AGE := --exclude-newer 2026-06-01 --exclude-newer-package duckdb=2027-01-01

.DEFAULT_GOAL := help
.PHONY: help setup setup-spark setup-bi demo bi bi-down bi-test up down env test test-fast parity fixtures-spark properties mutate bench bench-dashboards bench-sources bench-messages lint format types check lock clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-16s %s\n", $$1, $$2}'

setup: $(READY) ## create .venv from the hashed locks (again only when a lock changed)

$(READY): $(LOCKS) pyproject.toml scripts/setup.sh
	@PYTHON="$(PYTHON)" bash scripts/setup.sh $(LOCKS)
	@touch $@

setup-spark: $(SPARK_READY) ## create .venv-spark for the dbt target spark; looks for Java first

$(SPARK_READY): $(SPARK_LOCKS) pyproject.toml scripts/setup.sh scripts/setup_spark.sh
	@PYTHON="$(PYTHON)" bash scripts/setup_spark.sh $(SPARK_LOCKS)
	@touch $@

setup-bi: $(BI_READY) ## create .venv-bi for Superset

$(BI_READY): $(BI_LOCKS) pyproject.toml scripts/setup.sh scripts/setup_bi.sh
	@PYTHON="$(PYTHON)" bash scripts/setup_bi.sh $(BI_LOCKS)
	@touch $@

demo: $(READY) ## load a made-up company and run two nights in Airflow; safe to run again
	@$(BIN)/python scripts/run_demo.py

up: $(READY) ## Airflow with its pages on 127.0.0.1 (PORT=8080); prints the password
	@$(BIN)/python scripts/serve_airflow.py up --port $(PORT)

down: $(READY) ## stop what `make up` started
	@$(BIN)/python scripts/serve_airflow.py down

bi: $(BI_READY) ## Superset with the dashboards on 127.0.0.1 (BI_PORT=8088); prints the password
	@$(PYTHON) scripts/serve_bi.py up --port $(BI_PORT)

bi-down: ## stop what `make bi` started
	@$(PYTHON) scripts/serve_bi.py down

bi-test: $(READY) $(BI_READY) ## the dashboards in a real Superset on Postgres, under load
	@bash scripts/setup_postgres.sh
	@bash scripts/setup_browser.sh
	@$(BIN)/python -m pytest -m bi tests/bi -rP

env: ## write .env for docker compose, with fresh secrets
	@$(PYTHON) scripts/make_env.py

test: $(READY) ## all tests but those on Spark (JOBS=2 processes)
	@bash scripts/setup_postgres.sh
	@bash scripts/setup_browser.sh
	@$(BIN)/python -m pytest -n $(JOBS) --dist loadfile --no-loadscope-reorder -m "not spark and not bi"

test-fast: $(READY) ## all tests but those marked slow
	@bash scripts/setup_postgres.sh
	@bash scripts/setup_browser.sh
	@$(BIN)/python -m pytest -n $(JOBS) --dist loadfile --no-loadscope-reorder -m "not slow and not spark and not bi"

parity: $(READY) $(SPARK_READY) ## every mart on DuckDB and on Spark, row by row; real Spark servers
	@$(BIN)/python -m pytest -m spark tests/spark -rP

fixtures-spark: $(READY) $(SPARK_READY) ## the fixtures of the definition on Spark; half an hour
	@$(BIN)/python -m pytest -m fixture tests/acceptance --engine spark

properties: $(READY) ## the invariants on COMPANIES=2000 random companies, from seed FIRST=0 on
	@$(BIN)/python -m tests.properties --companies $(COMPANIES) --first $(FIRST) --jobs $(JOBS)

bench: $(READY) $(SPARK_READY) ## CPU and memory over LINES="1000000" invoice lines: both engines, and SQL by hand
	@$(BIN)/python tools/bench_engines.py $(LINES)
	@$(BIN)/python tools/bench_by_hand.py $(LINES) --models 10

bench-dashboards: $(READY) $(BI_READY) ## latency of every chart over 50,000 accounts; makes the company first, half an hour
	@$(BIN)/python tools/bench_dashboards.py

mutate: $(READY) ## what no test notices when the SQL is changed; hours, goes on where it stopped
	@$(BIN)/python -m tools.mutate --jobs $(JOBS)

bench-sources: $(READY) ## first load from Postgres against a bare read, then nights compared row by row
	@$(BIN)/python tools/bench_sources.py 10000000
	@$(BIN)/python tools/bench_nights.py 3000000

bench-messages: $(READY) ## 500 alerts of the demo company to a mail server, with their plots and without
	@$(BIN)/python -m tools.bench_messages --home .demo/home

lint: $(READY) ## ruff over Python, its formatting included
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

format: $(READY) ## let ruff mend what it can
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

types: $(READY) ## mypy, strict, over include/
	@$(BIN)/mypy

check: lint types test ## what must be green before a change lands

lock: $(READY) ## write the hashed locks anew from requirements*.in
	@printf 'uv\nsetuptools>=77\n' | $(COMPILE) - -o requirements-setup.txt
	@$(COMPILE) requirements.in -o requirements.txt
	@$(COMPILE) requirements-dev.in -o requirements-dev.txt
	@$(COMPILE) requirements-spark.in -o requirements-spark.txt
	@$(COMPILE) $(BI_AGE) requirements-bi.in -o requirements-bi.txt

clean: ## remove what can be made again: the demo, caches, .venv, .venv-spark, .venv-bi, .bi
	@if [ -x $(BIN)/python ] && [ -d .demo ]; then $(BIN)/python scripts/serve_airflow.py down; fi
	@if [ -d .bi ]; then $(PYTHON) scripts/serve_bi.py down; fi
	rm -rf .demo .bench .mutation .bi .venv .venv-spark .venv-bi .mypy_cache .pytest_cache .ruff_cache .hypothesis dbt_project/target dbt_project/logs
