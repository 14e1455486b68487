# Two commands: `make` ends with the report, `make test` with the tests. `make help` lists the others.
PYTHON ?= python3
VENV   ?= .venv
PORT   ?= 5000
MINUTES ?= 60
DAYS   ?= 7
AUDIT  := pip-audit==2.10.1
BIN    := $(VENV)/bin
export PATH := $(CURDIR)/$(BIN):$(PATH)
export DVC_NO_ANALYTICS := 1
# Every stage is a process: where Python may not keep its bytecode, each would compile PyTorch's sources anew.
export PYTHONDONTWRITEBYTECODE :=

.DEFAULT_GOAL := all
.PHONY: all setup repro test torture ui pdf pictures check format bench prune clean distclean lock vendor axe audit help

all: repro ## set up and run the pipeline to a finished report (the default)

repro: setup ## train what is stale side by side, then dvc repro, and say where the report lies
	@python -m rdfia sweep
	@dvc repro --quiet
	@git add dvc.lock 2>/dev/null || true
	@python -m rdfia where

setup: $(VENV)/.done ## .venv with the locked versions, and git's filter for dvc.lock

$(VENV)/.done: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.12")'
	$(PYTHON) -m venv $(VENV)
	@awk '/^uv==/ {on=1; print; next} /^[^ ]/ {on=0} on' requirements.lock > $(VENV)/uv.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $(VENV)/uv.lock
	VIRTUAL_ENV="$(CURDIR)/$(VENV)" $(BIN)/uv pip install --quiet --require-hashes -r requirements.lock
	VIRTUAL_ENV="$(CURDIR)/$(VENV)" $(BIN)/uv pip install --quiet --no-deps --no-build-isolation --editable .
	@git config filter.dvclock.clean "python3 rdfia/lockfilter.py" 2>/dev/null || true
	@touch $@

test: setup ## the tests: those of the real pipeline beside all others
	@printf 'tests/test_pipeline.py\n--ignore tests/test_pipeline.py tests\n' | xargs -P 2 -L 1 pytest

torture: setup ## kill, interrupt and starve every command, then write docs/reliability.md (make torture MINUTES=480)
	python -m tests.torture --minutes $(MINUTES)

check: setup ## ruff (lint and format), mypy, the import contract
	ruff check .
	ruff format --check .
	mypy
	lint-imports --no-cache

format: setup ## let ruff format and mend what it can
	ruff format .
	ruff check --fix .

ui: setup ## publish to MLflow what is new, and open its UI on 127.0.0.1 (make ui PORT=5001: on another port)
	@python -m rdfia ui --port $(PORT)

pdf: setup ## the report as one PDF with contents and page numbers (reports/<profile>/report.pdf), by Chromium
	python -m rdfia pdf

pictures: setup ## the pictures of the README from the report of the chosen profile (docs/report.png, docs/figure.svg)
	python -m rdfia.report.pictures

bench: setup ## training against yardsticks, growth, what a run and the finished study cost (45 minutes): reports/bench/
	python -m rdfia bench

prune: setup ## remove the files of runs that params.yaml no longer declares
	python -m rdfia prune

clean: ## remove what the quick profile made
	rm -rf reports/quick reports/bench reports/audit data/quick runs/quick declared/quick

distclean: clean ## also remove the environment, the caches and MLflow's store
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis mlflow.db mlartifacts .dvc/cache .dvc/tmp

lock: ## renew requirements.lock from pyproject.toml: versions that are DAYS=7 old, hashes, no addresses
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --all-extras --generate-hashes \
		--exclude-newer "$$($(BIN)/python -c 'import datetime as d; print(d.date.today() - d.timedelta($(DAYS)))')" \
		--no-annotate --no-header --upgrade pyproject.toml --output-file requirements.lock

# A package of npm in the version and with the hashes of the SHA256SUMS in its folder: folder, package, files of it.
define fetch
	cd $(1) && npm pack --silent $(2)@$$(sed -n 's/.*$(2)-\(.*\)\.tgz/\1/p' SHA256SUMS) >/dev/null
	cd $(1) && grep tgz SHA256SUMS | sha256sum --check --quiet && tar -xzf $(2)-*.tgz
	cd $(1)/package && mv $(3) .. && cd .. && rm -rf package && sha256sum --check SHA256SUMS && rm $(2)-*.tgz
endef

vendor: ## fetch uPlot from npm anew, which the pages have inside
	$(call fetch,rdfia/report/templates/uplot,uplot,dist/uPlot.iife.min.js dist/uPlot.min.css LICENSE)

axe: ## fetch axe-core from npm anew, with which tests look at the pages
	$(call fetch,tests/report/axe,axe-core,axe.min.js LICENSE*)

audit: setup ## known holes of the locked packages, and the list of these (CycloneDX): reports/audit/; skipped offline
	@rm -rf reports/audit && mkdir -p reports/audit
	@uvx --quiet $(AUDIT) --strict --require-hashes --disable-pip --progress-spinner off -r requirements.lock \
		--format cyclonedx-json --output reports/audit/sbom.json > reports/audit/said.txt 2>&1; found=$$?; \
	if [ -s reports/audit/sbom.json ]; then cat reports/audit/said.txt; echo "audit: reports/audit/sbom.json"; exit $$found; \
	else echo "audit: skipped: $$(tail -n 1 reports/audit/said.txt)"; fi

help: ## this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'
