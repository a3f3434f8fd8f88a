# The only interface a newcomer needs. `make` alone lists the targets.
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
DEMO ?= demo-bank
HAVE_UV := $(shell command -v uv 2>/dev/null)

.DEFAULT_GOAL := help
.PHONY: help demo serve test nightly check docs bench lock format clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):[^#]*## /  make \1\t/' | expand -t 18

demo: $(VENV)/.deep ## fresh machine: install, simulate a bank of 5,000, run every task on it, print the report's path
	@rm -rf $(DEMO) demo-extracts
	$(BIN)/python -m bankmine simulate demo-extracts --customers 5000 --months 36 --seed 7
	$(BIN)/python -m bankmine init $(DEMO) --mapping simulated --extracts demo-extracts
	$(BIN)/python -m bankmine run $(DEMO) --budget quick

serve: $(VENV)/.core ## the pages over the simulated bank; makes it by `make demo` where it is not there
	@test -d $(DEMO)/results || $(MAKE) demo
	@$(BIN)/python -m bankmine users list $(DEMO) | grep -qv '^Nobody yet' || $(BIN)/python -m bankmine users add $(DEMO) demo --role administrator --role operator --role data_miner
	$(BIN)/python -m bankmine serve $(DEMO)

test: $(VENV)/.test ## fresh machine: the whole test suite
	$(BIN)/python -m pytest -q -n 2 --dist loadgroup

nightly: $(VENV)/.test ## a hundred thousand more examples of the parity of windows; about half an hour
	BANKMINE_NIGHTLY=100000 $(BIN)/python -m pytest -q -n 2 tests/windows/parity -k all_night

check: $(VENV)/.test ## style, types, the arrows between rooms, licences, documentation
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python tools/licences.py
	$(BIN)/python tools/docs.py --check

docs: $(VENV)/.core ## write the generated reference pages in docs/
	$(BIN)/python tools/docs.py

bench: $(VENV)/.bench ## all rows of the figures, or one: make bench ROW=T9
	env -u OPENBLAS_CORETYPE -u OPENBLAS_L2_SIZE $(BIN)/python -m benchmarks $(ROW)

format: $(VENV)/.test ## put the code in shape
	$(BIN)/ruff check --fix -q . ; $(BIN)/ruff format -q .

lock: ## resolve the dependencies anew (needs uv)
	uv pip compile pyproject.toml --group test --group bench --extra spark --extra deep --generate-hashes --python-version 3.11 -q --no-header -o locks/all.lock
	uv pip compile pyproject.toml --group test --extra spark --extra deep -c locks/all.lock --generate-hashes --python-version 3.11 -q --no-header -o locks/test.lock
	uv pip compile pyproject.toml --group bench --extra spark --extra deep -c locks/all.lock --generate-hashes --python-version 3.11 -q --no-header -o locks/bench.lock
	uv pip compile pyproject.toml --group build --extra deep -c locks/all.lock --generate-hashes --python-version 3.11 -q --no-header -o locks/deep.lock
	uv pip compile pyproject.toml --group build -c locks/all.lock --generate-hashes --python-version 3.11 -q --no-header -o locks/core.lock

clean: ## remove what the targets made
	rm -rf $(DEMO) demo-extracts .pytest_cache .mypy_cache .ruff_cache .hypothesis

ifdef HAVE_UV
  make_venv = uv venv -q --allow-existing --python $(PYTHON) $(VENV)
  install = uv pip install -q --python $(BIN)/python --compile-bytecode --no-build-isolation --require-hashes -r $(1)
  install_self = uv pip install -q --python $(BIN)/python --no-deps --no-build-isolation -e .
else
  make_venv = $(PYTHON) -m venv $(VENV)
  install = $(BIN)/python -m pip install -q --no-build-isolation --require-hashes -r $(1)
  install_self = $(BIN)/python -m pip install -q --no-deps --no-build-isolation -e .
endif

$(VENV)/.core: locks/core.lock
	$(make_venv)
	$(call install,locks/core.lock)
	$(install_self)
	@touch $@

$(VENV)/.deep: locks/deep.lock $(VENV)/.core
	$(call install,locks/deep.lock)
	@touch $@

$(VENV)/.test: locks/test.lock $(VENV)/.core
	$(call install,locks/test.lock)
	@touch $@

$(VENV)/.bench: locks/bench.lock $(VENV)/.core
	$(call install,locks/bench.lock)
	@touch $@
