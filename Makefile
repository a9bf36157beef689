# Every target makes what it needs; `make setup` is done once and again when requirements.txt changes.
SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory --no-builtin-rules

PRESET ?= fast
N ?= 06
ARGS ?=
PY := .venv/bin/python
RUN := $(PY) -m soccer_lib
SAI := .venv-sai
SAI_STAMP := $(SAI)/installed-$(shell cksum requirements-sai.txt | cut -d ' ' -f 1)
OFFLINE := .venv-offline
OFFLINE_STAMP := $(OFFLINE)/installed-$(shell cat requirements.txt requirements-offline.txt | cksum | cut -d ' ' -f 1)
GENESIS := .venv-genesis
GENESIS_STAMP := $(GENESIS)/installed-$(shell cksum requirements-genesis.txt | cut -d ' ' -f 1)
STAMP := .venv/installed-$(shell cksum requirements.txt | cut -d ' ' -f 1)

# The first Python that starts and is 3.11 to 3.13; a shim that cannot start is passed over.
define FIND_PYTHON
for p in $(or $(PYTHON),python3.11 python3 python3.12 python3.13); do \
  if "$$p" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null; then echo "$$p"; exit 0; fi; \
done; \
echo "error: $(if $(PYTHON),PYTHON=$(PYTHON) does not start as,found no) Python 3.11 to 3.13 (python3 is $$(python3 -V 2>&1 || true)); install one, or try: make setup PYTHON=PATH" >&2; exit 2
endef

# What is pinned must also import together.
SMOKE := import imageio, ipywidgets, matplotlib, mujoco, papermill, sai_mujoco, scipy, stable_baselines3, torch, tyro

.PHONY: help setup course test lint faults lab bench notebook sai offline genesis genesis-course genesis-test clean

help: ## Show the targets.
	@grep -hE '^[a-z-]+:.*## ' Makefile | sed -E 's/:.*## /\t/' | expand -t 12

setup: $(STAMP) ## Create .venv with the pinned packages; instant when it is there.
	@$(if $(PYTHON),python=$$($(FIND_PYTHON)); )echo ".venv is ready."

$(STAMP): | requirements.txt
	@python=$$($(FIND_PYTHON)); \
	fresh=; if [ -e .venv/incomplete ] || ! $(PY) -m pip -V >/dev/null 2>&1; then fresh=--clear; fi; \
	echo "Setting up .venv with $$($$python -V). Minutes, depending on the network and the torch build."; \
	if [ -n "$$fresh" ]; then "$$python" -m venv --clear .venv; fi; \
	touch .venv/incomplete; rm -f .venv/installed-*
	@$(PY) -m pip install --progress-bar off --disable-pip-version-check -r requirements.txt
	@$(PY) -c 'import pathlib, site; \
	  pathlib.Path(site.getsitepackages()[0], "soccer_lib_checkout.pth").write_text(str(pathlib.Path.cwd()) + "\n")'
	@$(PY) -c '$(SMOKE)'
	@touch $@; rm -f .venv/incomplete

course: $(STAMP) ## Run the notebooks into runs/course; PRESET=smoke|fast|full.
	@$(RUN) notebook --course --preset $(PRESET) $(ARGS)

notebook: $(STAMP) ## Run one notebook: make notebook N=06 ARGS="-p episodes 4".
	@$(RUN) notebook $(N) --preset $(PRESET) $(ARGS)

test: $(STAMP) ## Run all tests, the notebooks included.
	@$(PY) -m pytest -q -n 2 --dist loadfile tests

lint: $(STAMP) ## Check style, types, notebooks and house rules.
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@find notebooks -name '*.ipynb' -not -path '*/.*' -print0 2>/dev/null | xargs -0 -r $(PY) -m nbstripout --verify
	@$(PY) -m mypy --no-error-summary
	@$(PY) .ci/house.py

faults: $(STAMP) ## Plant faults in copies of the code and see which tests catch them: minutes.
	@$(PY) tests/faults/run.py $(ARGS)

# Rooted at the repository, so that a lesson's links to README and pictures lead somewhere; a link to a text
# opens it as a page, a saved lesson shows its widgets when it is opened again, and nothing asks for news.
LAB_SETTINGS := {"@jupyterlab/docmanager-extension:plugin": {"defaultViewers": {"markdown": "Markdown Preview"}}, \
  "@jupyter-widgets/jupyterlab-manager:plugin": {"saveState": true}, \
  "@jupyterlab/apputils-extension:notification": {"fetchNews": "false", "checkForUpdates": false}}

lab: $(STAMP) ## Open the lessons in JupyterLab.
	@mkdir -p .venv/share/jupyter/lab/settings
	@echo '$(LAB_SETTINGS)' > .venv/share/jupyter/lab/settings/overrides.json
	@$(PY) -m jupyter lab --ServerApp.root_dir=. --LabApp.default_url=/lab/tree/notebooks/01_environment.ipynb $(ARGS)

bench: $(STAMP) ## Measure exactness and speed into runs/bench.
	@mkdir -p runs/bench
	@$(RUN) bench exact --json runs/bench/exact.json
	@$(RUN) bench env --json runs/bench/env.json

sai: $(SAI_STAMP) ## Create .venv-sai with the competition's own client, for export --verify.
	@echo "$(SAI) is ready: python -m soccer_lib export --verify DIR runs the competition's client."

$(SAI_STAMP): | requirements-sai.txt
	@python=$$($(FIND_PYTHON)); \
	echo "Setting up $(SAI) with $$($$python -V). Minutes, depending on the network and the torch build."; \
	"$$python" -m venv --clear $(SAI)
	@$(SAI)/bin/python -m pip install --progress-bar off --disable-pip-version-check -r requirements-sai.txt
	@$(SAI)/bin/python -c 'import sai_mujoco, sai_rl, torch'
	@touch $@

offline: $(OFFLINE_STAMP) ## Create .venv-offline with d3rlpy, for the command offline.
	@echo "$(OFFLINE) is ready: python -m soccer_lib offline --algo iql finds it."

# It takes torch and numpy from .venv and adds only what d3rlpy needs besides.
$(OFFLINE_STAMP): $(STAMP) | requirements-offline.txt
	@echo "Setting up $(OFFLINE) beside .venv: a minute."
	@$(PY) -m venv --clear $(OFFLINE)
	@$(OFFLINE)/bin/python -c 'import pathlib, site, sys; \
	  pathlib.Path(site.getsitepackages()[0], "course.pth").write_text(sys.argv[1] + "\n")' \
	  "$$($(PY) -c 'import site; print(site.getsitepackages()[0])')"
	@$(OFFLINE)/bin/python -m pip install --progress-bar off --disable-pip-version-check -r requirements-offline.txt
	@$(OFFLINE)/bin/python -W ignore -c 'import d3rlpy, torch' 2>/dev/null
	@touch $@

genesis: $(GENESIS_STAMP) ## Create .venv-genesis with the second simulator and compile its kernels.
	@echo "$(GENESIS) is ready: $(GENESIS)/bin/python -m soccer_lib genesis demo, or make genesis-course."

# sai-mujoco comes without what it depends on: Genesis needs the XML of its robot and nothing else of it.
$(GENESIS_STAMP): | requirements-genesis.txt
	@python=$$($(FIND_PYTHON)); \
	echo "Setting up $(GENESIS) with $$($$python -V): 4 GB, 5 to 10 minutes with the network of an office."; \
	"$$python" -m venv --clear $(GENESIS)
	@$(GENESIS)/bin/python -m pip install --progress-bar off --disable-pip-version-check -r requirements-genesis.txt
	@$(GENESIS)/bin/python -m pip install --progress-bar off --disable-pip-version-check --no-deps sai-mujoco==0.1.30
	@$(GENESIS)/bin/python -c 'import genesis, mujoco, optuna, papermill, sai_mujoco, stable_baselines3, torch, tyro'
	@$(GENESIS)/bin/python -c 'import pathlib, site; \
	  pathlib.Path(site.getsitepackages()[0], "soccer_lib_checkout.pth").write_text(str(pathlib.Path.cwd()) + "\n")'
	@$(GENESIS)/bin/python -m soccer_lib.genesis.warm
	@touch $@

genesis-course: $(GENESIS_STAMP) ## Run the lessons on Genesis into runs/genesis-course; PRESET=smoke|fast|full.
	@$(GENESIS)/bin/python -m soccer_lib notebook --course --notebooks notebooks/genesis --out runs/genesis-course \
	  --preset $(PRESET) $(ARGS)

genesis-test: $(GENESIS_STAMP) ## Run the tests that need Genesis, its lessons included.
	@$(GENESIS)/bin/python -m pytest -q tests/genesis

clean: ## Remove .venv, its neighbours and caches; runs/ stays.
	@rm -rf .venv .venv-sai .venv-offline .venv-genesis .pytest_cache .ruff_cache .mypy_cache build *.egg-info
	@find . -name __pycache__ -prune -exec rm -rf {} +
	@echo "Removed .venv, .venv-sai, .venv-offline, .venv-genesis and caches. runs/ is kept: delete it yourself."
