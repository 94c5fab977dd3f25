# Everything from a bare checkout: needs make, Python >= 3.11 with venv, and the package registries.
MELTANO_ENVIRONMENT ?= sandbox
export MELTANO_ENVIRONMENT
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
  command -v $$p >/dev/null 2>&1 && $$p -c 'import sys, venv; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 \
  && echo $$p && break; done)
# Compiled at once where it is installed: else every process of every run compiles it, where Python may not write.
export UV_COMPILE_BYTECODE = 1
PACKAGES = clients console engine mappings sandbox tap-salesconnect tap-salesforce-tasks target-salesconnect target-salesforce-tasks
BIN = .venv/bin
UV = $(BIN)/uv
PYTEST = $(BIN)/python -m pytest -n auto --dist loadfile --no-loadscope-reorder

.PHONY: sync test test-browser test-scale screenshots test-long contract fuzz audit lint bench bench-quick crash catalogs docs lock clean
.DEFAULT_GOAL := sync

$(UV):
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer with its venv module is needed: install it, or name it with make PYTHON=/path/to/python3"; exit 1; }
	@$(PYTHON) -m venv .venv && $(BIN)/python -m pip install --quiet --disable-pip-version-check uv

# The virtual environment with every package of this workspace, Meltano and the tools.
.venv/ready: pyproject.toml uv.lock $(wildcard */pyproject.toml) | $(UV)
	@$(UV) sync --quiet --locked
	@$(BIN)/python -m compileall -q $(PACKAGES)
	@touch $@

sync: .venv/ready
	@BIN=$(BIN) sh scripts/sync.sh

test: .venv/ready
	@$(PYTEST)

# The console in a real browser: the system's Chromium, else one that Playwright fetches.
test-browser: .venv/ready
	@BIN=$(BIN) sh scripts/browser.sh
	@$(BIN)/python -m pytest tests/browser

# Many workers: shards on a real Airflow, which it installs into .airflow, with ledger and bookmarks in a PostgreSQL.
test-scale: .venv/ready
	@$(BIN)/python -m pytest tests/scale

# The pictures in docs/images.
screenshots: .venv/ready
	@BIN=$(BIN) sh scripts/browser.sh
	@$(BIN)/python -m tests.browser.screenshots

test-long: .venv/ready
	@TASKSYNC_PROFILE=long $(PYTEST) tests/sync -s

# Tries the facts that the connector relies on; against real services by docs/contract.md.
contract: .venv/ready
	@$(BIN)/python -m tests.contract $(ARGS)

# Bad answers, at least 500 for each endpoint, and pipelines through spoilt answers; prints what was tried.
fuzz: .venv/ready
	@TASKSYNC_HOSTILE_CASES=$${TASKSYNC_HOSTILE_CASES:-540} $(BIN)/python -m pytest -q -n auto -o timeout=1800 tests/hostile

# Known holes in what is installed; exits with 2 where the database of advisories cannot be reached.
audit: .venv/ready
	@$(BIN)/python scripts/audit.py

lint: .venv/ready
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy $(PACKAGES)
	@$(UV) lock --check --quiet
	@$(BIN)/python scripts/constraints.py --check
	@$(BIN)/python scripts/locked.py
	@$(BIN)/python scripts/docs.py --check
	@$(BIN)/python scripts/hub.py --check

# About half an hour; bench-quick takes a selection of a few minutes.
bench: .venv/ready
	@$(BIN)/python benchmarks/bench.py

bench-quick: .venv/ready
	@$(BIN)/python benchmarks/bench.py --quick

# Kills, lost answers and other faults, with the link field, without it, and under Meltano: an hour on two cores.
crash: .venv/ready
	@$(BIN)/python -m tests.crashes --kills 300 --keep "with the link field"
	@$(BIN)/python -m tests.crashes --kills 80 --seed 2 --without-link-field --keep "without the link field"
	@$(BIN)/python -m tests.crashes --kills 0 --faults 0 --seed 3 --meltano 30 --keep "under meltano run"

catalogs: .venv/ready
	@$(BIN)/python catalogs/renew.py

# The generated parts of the pages, and of the plugins' definitions in hub/.
docs: .venv/ready
	@$(BIN)/python scripts/docs.py
	@$(BIN)/python scripts/hub.py

# After a change of dependencies.
lock: $(UV)
	@$(UV) lock && $(UV) sync --quiet && $(BIN)/python scripts/constraints.py
	@cd orchestrate && ../$(UV) pip compile --quiet --universal --python-version 3.11 --no-annotate airflow-requirements.in --output-file airflow-requirements.txt

clean:
	@test ! -x $(BIN)/sandbox || $(BIN)/sandbox down
	@rm -rf .venv .meltano .sandbox .tasksync .mypy_cache .ruff_cache .pytest_cache .hypothesis .airflow output
	@find . -name .git -prune -o -type d -name __pycache__ -prune -exec rm -rf {} +
