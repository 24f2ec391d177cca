# The two commands that matter: `make run` and `make test`. Everything they need is installed into .venv.
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11 python3.14; do \
	command -v $$p >/dev/null 2>&1 && $$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 14))' 2>/dev/null \
	&& { echo $$p; break; }; done)
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
PYTEST := $(BIN)/python -m pytest
SIDE_BY_SIDE := -n auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder
CONTROLPLANE := $(BIN)/python -m tests.controlplane.build

.DEFAULT_GOAL := help
.PHONY: run test test-quick fuzz mutants soak bench bench-link lint screenshots keys lock package package-check package-measure package-lock release-check \
	clean help

help: ## say what each target does
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14

run: $(VENV)/run.stamp ## open edgetui on the built-in demo fleet
	@$(BIN)/edgetui demo

test: $(VENV)/dev.stamp ## all tests, on a real Kubernetes control plane
	@$(CONTROLPLANE)
	@$(PYTEST) $(SIDE_BY_SIDE)

test-quick: $(VENV)/dev.stamp ## all tests that need no control plane
	@$(PYTEST) $(SIDE_BY_SIDE) --ignore=tests/controlplane

soak: $(VENV)/dev.stamp ## 20 minutes of churn and bad links on three clusters; `make test` has two minutes of it
	@$(CONTROLPLANE)
	@$(BIN)/python -m tests.controlplane.soak --minutes 20

fuzz: $(VENV)/dev.stamp ## a million damaged answers through each reader of server bytes, 100,000 random keys, other random histories; about an hour
	@$(BIN)/python -m tests.fuzz
	@$(BIN)/python -m tests.fuzz.keyboard
	@$(PYTEST) $(SIDE_BY_SIDE) -m hypothesis --hypothesis-profile=search --ignore=tests/controlplane

mutants: $(VENV)/dev.stamp ## change 200 small things, one at a time, and see which the fast tests do not notice; an hour
	@$(BIN)/python -m tests.mutants --sample 200 --seed $$(date +%j)

bench: $(VENV)/dev.stamp ## measure the core, the whole program, its start and its keys beside peers; JSON in tests/bench/results
	@$(BIN)/python -m tests.bench.core
	@$(CONTROLPLANE)
	@$(BIN)/python -m tests.bench
	@$(BIN)/python -m tests.bench.rollouts
	@$(BIN)/python -m tests.bench.opening
	@$(BIN)/python -m tests.bench.starts
	@$(BIN)/python -m tests.bench.terminal

bench-link: $(VENV)/dev.stamp ## measure starts over slow links beside peers, on the control plane
	@$(CONTROLPLANE)
	@$(BIN)/python -m tests.bench.link

lint: $(VENV)/dev.stamp ## format, lint, types and import contracts
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo

screenshots: $(VENV)/dev.stamp ## make screenshots/ again from the running program
	@$(BIN)/python -m tests.screenshots

keys: $(VENV)/dev.stamp ## write the key table of the README again
	@$(BIN)/python -m tests.keytable

lock: $(VENV)/dev.stamp ## pin versions and hashes again after a change in pyproject.toml
	@$(PIP) install uv
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
		--no-header --no-annotate --extra demo pyproject.toml requirements-build.in --output-file requirements.lock
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
		--no-header --no-annotate --extra demo pyproject.toml requirements-build.in --group dev --output-file requirements-dev.lock

package: $(VENV)/run.stamp ## builds that need no Python on the host, for amd64, arm64 and armv7, into dist/ (on Debian)
	@$(BIN)/python -m release

package-check: $(VENV)/dev.stamp ## run the folders for arm64 and armv7 under qemu on the control plane, as root; ten minutes
	@$(CONTROLPLANE)
	@$(PYTEST) tests/controlplane/package_elsewhere.py

package-measure: $(VENV)/dev.stamp ## compare the folder of `make package` with the venv: size, start, memory
	@$(BIN)/python -m tests.bench.packaged

package-lock: $(VENV)/run.stamp ## pin Debian's packages again as they are served now
	@$(BIN)/python -m release.lock

release-check: $(VENV)/dev.stamp ## what must hold before a version is published: tests, packages, notices, pictures, README, CHANGELOG
	@$(CONTROLPLANE)
	@$(BIN)/python -m release.check

clean: ## remove .venv and caches of this tree
	@rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache dist build

$(VENV)/bin/python:
	@test -n "$(PYTHON)" || { echo "edgetui needs Python 3.11 to 3.14; install one, or name it: make PYTHON=/path/to/python3" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); \
		echo "Python could not make a virtual environment; on Debian and Ubuntu: sudo apt install python3-venv" >&2; exit 1; }

$(VENV)/run.stamp: requirements.lock pyproject.toml | $(VENV)/bin/python
	@echo "installing edgetui into $(VENV), about 20 s, once"
	@$(PIP) install --require-hashes -r requirements.lock
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/dev.stamp: requirements-dev.lock $(VENV)/run.stamp
	@echo "installing the test tools into $(VENV), about 20 s, once"
	@$(PIP) install --require-hashes -r requirements-dev.lock
	@touch $@
