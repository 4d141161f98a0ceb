# What a person does with a checkout: `make` lists it. Everything is installed into $(VENV), nothing outside the checkout.

VENV ?= .venv
# The first Python on the path that the lock supports.
PYTHON ?= $(shell for name in python3 python3.13 python3.12 python3.11; do \
	$$name -c '$(SUPPORTED)' 2>/dev/null && { echo $$name; break; }; done)
SUPPORTED := import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))
BIN := $(VENV)/bin
# Two processes: a second pays off on the two cores of a small machine, and more would each import everything anew.
# File by file, because tests of a file share what took long to make.
WORKERS ?= 2
HOME_DIR ?= var/demo

.DEFAULT_GOAL := help
.PHONY: help demo up test install install-runtime lint bench bench-truth bench-drift sweep lock clean

help: ## List what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: install-runtime ## Install, make a small simulated operator, run its months, end with a ranked list
	$(BIN)/holdfast demo --home var/demo

up: install-runtime ## Serve Prefect, MLflow and Evidently on this machine, for the demo or HOME_DIR=; Ctrl-C ends all
	@test "$(HOME_DIR)" != var/demo -o -f var/demo/demo.json || $(BIN)/holdfast demo --home var/demo
	@exec $(BIN)/holdfast up --home $(HOME_DIR) $(UP_ARGS)

test: lint ## Everything that CI runs: style, types, import contracts, tests
	$(BIN)/pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder $(PYTEST_ARGS)

lint: install ## Style, types, import contracts
	$(BIN)/ruff check --quiet .
	$(BIN)/ruff format --check --quiet .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

install: ## Install everything for working on Holdfast, from infra/lock/dev.txt
	@$(call installed,dev)

install-runtime: # what `make demo` needs
	@$(call installed,runtime)

bench: install ## Measure against the bare engines; takes long
	$(BIN)/python -m infra.benchmarks.window_features
	$(BIN)/python -m infra.benchmarks.training
	$(BIN)/python -m infra.benchmarks.ingest
	$(BIN)/python -m infra.benchmarks.scoring
	$(BIN)/python -m infra.benchmarks.population_drift
	$(BIN)/python -m infra.benchmarks.feature_build
	$(BIN)/python -m infra.benchmarks.whole_month

bench-truth: install ## The model against a reference booster and the truth in drawn and null worlds; SEEDS="…" WORLD=…
	$(BIN)/python -m infra.benchmarks.truth $(if $(SEEDS),--seeds $(SEEDS)) $(if $(WORLD),--world $(WORLD))

bench-drift: install ## Whether the monitor flags scheduled changes in their month, and no quiet month; SEEDS="…"
	$(BIN)/python -m infra.benchmarks.scheduled_changes $(if $(SEEDS),--seeds $(SEEDS))

sweep: install ## Kill run-month at every rename, fsync and commit; takes long
	$(BIN)/python -m tests.acceptance.killed_months

# Versions stay where they still fit; delete a lock to resolve it anew. The other two take their versions from dev.txt.
LOCK := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-header --no-annotate

lock: install ## Write the locks anew after a change of pyproject.toml
	$(LOCK) pyproject.toml --extra spark --group dev --output-file infra/lock/dev.txt
	$(LOCK) pyproject.toml --constraints infra/lock/dev.txt --output-file infra/lock/runtime.txt
	$(LOCK) --group build --constraints infra/lock/dev.txt --output-file infra/lock/build.txt

clean: ## Remove what was installed and cached; var/ stays, it may hold an operator's months
	rm -rf $(VENV) build dist .mypy_cache .pytest_cache .ruff_cache .import_linter_cache

define installed
$(PYTHON) -c '$(SUPPORTED)' 2>/dev/null || { \
	echo 'make: no Python 3.11, 3.12 or 3.13; install one (Debian: apt install python3 python3-venv) or give PYTHON=' >&2; \
	exit 1; }; \
$(PYTHON) infra/install.py $(1) $(VENV)
endef
