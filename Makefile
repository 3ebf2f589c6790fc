# Needs Python 3.11 or newer, make, and the Pulumi CLI or Go to build it. `make help` lists the targets.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules

PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin/python
READY := $(VENV)/.ready
FLOORS := tests/tools/packages/floors.lock
INSTALL := -m pip install --disable-pip-version-check --no-input --no-compile
# Of the clouds' SDKs, which are most of what is installed, only the parts that are used; Python compiles others when needed.
COMPILE := -m compileall -q -j 0 -x '/pulumi_(aws|azure|azure_native)/(?!(ec2|vpc|network)/)\w+/'

# The caller's folder, which `make -C` changes: INSTALLATION may be relative to it.
export SWYX_CALLED_FROM := $(PWD)
# Tests start some hundred interpreters; without compiled modules each compiles all that it imports.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: help setup engine browser languages up down test floors lint types bench mutants faults hitless acceptance fuzz audit docs lock clean

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## /  make \1\t/p' Makefile | expand -t 16
	@echo
	@echo '  make up INSTALLATION=path/to/file.yaml SITES="berlin=aws essen=azure" deploys your own file.'

setup: $(READY) ## create .venv with the pinned packages (the other targets do it when needed)

$(READY): requirements.lock pyproject.toml sandbox/pyproject.toml
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("Python 3.11 or newer is needed; name it: make PYTHON=python3.12 ...")'
	@test -x $(RUN) || $(PYTHON) -m venv $(VENV)
	@echo "Installing the pinned Python packages into $(VENV) (once; two minutes or so) ..."
	@$(RUN) $(INSTALL) --require-hashes -r requirements.lock \
	  | awk '/^Collecting/ { if (++n % 20 == 0) print "  " n " packages found" } \
	         /^Installing collected/ { print "  " n " packages found, installing" } \
	         /^ERROR/ { print } { fflush() }'
	@$(RUN) $(INSTALL) --quiet --no-deps --no-build-isolation -e . -e ./sandbox
	@$(RUN) $(COMPILE) $(VENV)/lib || true
	@touch $@

engine: $(READY) ## provide the Pulumi engine (built once, if it is not installed)
	@$(RUN) -m sandbox engine

browser: $(READY) ## provide headless Chromium and axe-core for the browser tests
	@$(RUN) -m tests.tools.browser

languages: $(READY) ## provide the compilers for the examples in TypeScript and Java
	@$(RUN) -m tests.tools.languages

up: $(READY) ## start the offline clouds, deploy both example sites, prove them
	@$(RUN) -m sandbox up $${INSTALLATION:+"$$INSTALLATION"} $${SITES:+--sites "$$SITES"}

down: $(READY) ## destroy the stacks, stop and remove the clouds
	@$(RUN) -m sandbox down

test: lint types engine browser languages ## run every check and every test
	$(RUN) -m pytest -n auto --dist loadfile --no-loadscope-reorder

floors: ## run the component tests with the oldest packages that pyproject.toml accepts, in .floors
	@test -x .floors/bin/python || $(PYTHON) -m venv .floors
	@echo "Installing the oldest accepted packages into .floors (a minute or so) ..."
	@.floors/bin/python $(INSTALL) --quiet --require-hashes -r $(FLOORS)
	@.floors/bin/python $(COMPILE) .floors/lib || true
	.floors/bin/python -m pytest tests/components -n auto -p no:cacheprovider -W ignore::DeprecationWarning

lint: $(READY) ## ruff, lint and format
	$(RUN) -m ruff check .
	$(RUN) -m ruff format --check .

types: $(READY) ## mypy
	$(RUN) -m mypy

bench: $(READY) engine browser ## print performance ratios
	$(RUN) -m tests.tools.bench

mutants: $(READY) ## change the catalogue fact by fact; the tests must notice each
	$(RUN) -m tests.tools.mutants

faults: $(READY) engine ## fail each call of the example and test the recovery (hours; FAULTS="--step 20" samples)
	$(RUN) -m tests.tools.faults $(FAULTS)

hitless: $(READY) engine ## edit a site at random in both clouds, and check each call (HITLESS="--pairs 200 --seed 7")
	$(RUN) -m tests.tools.engine.hitless $(HITLESS)

acceptance: $(READY) engine ## compare the official AWS plugin with the stand-in (needs the internet, or AWS_PLUGIN=path)
	$(RUN) -m tests.tools.acceptance

fuzz: $(READY) ## read 10,000 mutated installation files (FUZZ="--count 500 --seed 2" makes others)
	$(RUN) -m tests.tools.fuzz $(FUZZ)

audit: $(READY) ## compare the pinned packages with the installed ones (AUDIT=--index asks the package index)
	$(RUN) -m tests.tools.packages $(AUDIT)

docs: $(READY) ## build the documentation site into site/ (no network needed)
	@NO_MKDOCS_2_WARNING=1 $(RUN) -m mkdocs build --strict --clean  # --quiet would hide warnings from --strict too
	@echo "Built: open file://$(CURDIR)/site/index.html"

PIN := $(RUN) -m piptools compile --quiet --generate-hashes --allow-unsafe --strip-extras \
  --no-header --no-emit-index-url --no-emit-trusted-host --no-emit-find-links

lock: ## pin every package again (needs .venv and the package index)
	$(RUN) -m tests.tools.packages.declared dev | $(PIN) \
	  --extra aws --extra azure --extra azure-attach --extra aws-read --extra azure-read --extra report \
	  --output-file requirements.lock - pyproject.toml sandbox/pyproject.toml
	$(RUN) -m tests.tools.packages.declared floors | $(PIN) --output-file $(FLOORS) -
	@! grep -nE '://|^--' requirements.lock $(FLOORS)  # no registry host, no path of this machine

clean: ## remove caches and build output (.venv, .floors, .languages and .sandbox stay)
	rm -rf build dist site .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage *.egg-info
	find . -name __pycache__ -not -path './$(VENV)/*' -prune -exec rm -rf {} +
