# Everything a person or a machine does here begins with `make`. It needs Python >= 3.11, make and git.
# Recipes read no standard input, so that they behave the same under CI.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules
# Every process would compile all of us again: tests start hundreds.
unexport PYTHONDONTWRITEBYTECODE

VENV := .venv
BIN := $(VENV)/bin
UV := $(BIN)/uv
LOCK := $(UV) pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header --python-version 3.11
PYTHON ?= $(shell tools/find-python)
# Three test processes, each with servers of its own, for they wait a lot; a file's tests stay together (SIDE_BY_SIDE= for one).
SIDE_BY_SIDE ?= --numprocesses=3 --dist=loadfile --no-loadscope-reorder

.PHONY: help setup demo serve test engines proxies check format lock load-venv clean

help:  ## Say what there is
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(VENV)/.run  ## Set up, seed a lively demo alliance and start it; prints addresses and log-ins
	$(BIN)/shuqiao demo

serve: $(VENV)/.run  ## Start the server with the settings of the environment
	$(BIN)/shuqiao serve

setup: $(VENV)/.test  ## Make the environment that tests and checks use

test: $(VENV)/.test  ## Set up and run all tests (ARGS='-k word' for some)
	tools/ensure-browser
	$(BIN)/pytest $(SIDE_BY_SIDE) $(ARGS)

engines: $(VENV)/.test  ## Readers and librarians at Firefox and WebKit (packages firefox-esr, webkit2gtk-driver, xvfb)
	$(BIN)/pytest -m engines tests/engines $(ARGS)

proxies: $(VENV)/.test  ## Two servers behind nginx as docs/operations.md sets it up (packages nginx-light, openssl)
	$(BIN)/pytest -m proxies tests/proxies $(ARGS)

check: $(VENV)/.test  ## Form, lint, types, who imports whom, sizes
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache --no-logo
	$(BIN)/python -m tools.sizes

format: $(VENV)/.test  ## Put the sources into form
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .

lock: $(VENV)/.boot  ## Renew requirements/*.txt from requirements/*.in (ARGS=--upgrade for newer versions)
	cd requirements && for name in boot run load; do ../$(LOCK) $(ARGS) $$name.in --output-file $$name.txt; done
	cd requirements && ../$(LOCK) $(ARGS) --constraint run.txt test.in --output-file test.txt

load-venv: .venv-load/.done  ## Make the environment of the load tests (gevent must stay out of the other)

clean:  ## Remove what was made here
	rm -rf $(VENV) .venv-load .mypy_cache .pytest_cache .ruff_cache .hypothesis *.egg-info build

# One stamp per lock: a lock that has not changed is not installed again. Where uv fails, pip does the same slowly.
$(VENV)/.boot: requirements/boot.txt
	@test -n "$(PYTHON)" || { tools/find-python --explain; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements/boot.txt \
		|| echo "uv is not to be had here: pip will do, a little slower"
	touch $@

$(VENV)/.run: $(VENV)/.boot requirements/run.txt pyproject.toml
	tools/install $(VENV) requirements/run.txt
	tools/install $(VENV) --ourselves
	touch $@

$(VENV)/.test: $(VENV)/.run requirements/test.txt
	tools/install $(VENV) requirements/test.txt
	touch $@

.venv-load/.done: $(VENV)/.boot requirements/load.txt
	$(PYTHON) -m venv .venv-load
	tools/install .venv-load requirements/load.txt
	touch $@
