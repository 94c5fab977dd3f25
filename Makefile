# Everything from a bare checkout: needs make, Python >= 3.11 with venv, and the package registries.
MELTANO_ENVIRONMENT ?= sandbox
export MELTANO_ENVIRONMENT
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
  command -v $$p >/dev/null 2>&1 && $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' && echo $$p && break; done)
UV = .venv/bin/uv

.venv/ready: pyproject.toml uv.lock $(wildcard */pyproject.toml)
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed: install it, or name it with make PYTHON=/path/to/python3"; exit 1; }
	@test -x $(UV) || { $(PYTHON) -m venv .venv && .venv/bin/python -m pip install --quiet --disable-pip-version-check uv; }
	@$(UV) sync --quiet --locked
	@touch $@
