# Two commands on a bare machine with Python 3.11 or newer: `make demo` and `make test`.
# Everything is installed into .venv, once; a stamp is written after an installation has ended, so an
# interrupted one is simply taken up again.

PYTHON ?= $(shell for p in python3.11 python3.12 python3.13 python3; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
NOTEBOOKS := $(wildcard notebooks/*.ipynb)
# One thread a process: the tests run two processes side by side.
ONE_THREAD := OMP_NUM_THREADS=1 MKL_NUM_THREADS=1

.DEFAULT_GOAL := help
.PHONY: help venv demo test lab book lint format notebooks samples picture hooks clean distclean
.DELETE_ON_ERROR:

help: ## Show this list
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

venv: $(VENV)/.venv-made ## Make an empty .venv (to choose a torch build before `make demo`)

demo: $(VENV)/.core ## The main job: parse, train, ground, retrieve; writes demo/index.html
	$(BIN)/maple demo

test: lint ## Lint, types, import rules, tests, and the notebooks executed
	$(ONE_THREAD) $(BIN)/python -m pytest -n 2 --dist worksteal --nbmake --nbmake-timeout=600 $(NOTEBOOKS) tests

lab: $(VENV)/.core ## Open the notebooks in JupyterLab
	$(BIN)/jupyter lab notebooks

book: $(VENV)/.book ## Build the book into book/_build/html
	mkdir -p book/notebooks && cp $(NOTEBOOKS) book/notebooks/
	$(ONE_THREAD) $(BIN)/jupyter-book build book -W --keep-going
	@echo "The book: book/_build/html/index.html"

lint: $(VENV)/.dev ## ruff, mypy and the layers of imports
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/.dev ## Format the code and strip the notebooks' outputs
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/nbstripout $(NOTEBOOKS)

notebooks: $(VENV)/.dev ## Execute every notebook, as CI does
	$(ONE_THREAD) $(BIN)/python -m pytest --nbmake --nbmake-timeout=600 $(NOTEBOOKS)

samples: $(VENV)/.core ## Draw data_samples/ again, bit for bit
	$(BIN)/python -m maple_lib.data.samples

picture: $(VENV)/.core ## Draw the README's picture again, from the model of `make demo`
	$(BIN)/python book/draw_front.py

hooks: $(VENV)/.dev ## Run the checks of .pre-commit-config.yaml at every commit
	$(BIN)/pre-commit install

clean: ## Remove what was built, keep .venv
	rm -rf book/_build book/notebooks demo build dist .pytest_cache .mypy_cache .ruff_cache

distclean: clean ## Remove .venv too
	rm -rf $(VENV)

$(VENV)/.venv-made:
	@test -n "$(PYTHON)" || { echo "No Python 3.11 or newer found. Install one, or say where: make PYTHON=/path/to/python3.11 demo"; exit 1; }
	$(PYTHON) -m venv $(VENV) || { echo "Could not make .venv. On Debian and Ubuntu, install the package python3-venv."; exit 1; }
	touch $@

$(VENV)/.core: pyproject.toml $(VENV)/.venv-made
	$(PIP) install --quiet -e .
	touch $@

$(VENV)/.dev: pyproject.toml $(VENV)/.core
	$(PIP) install --quiet -e '.[dev]'
	touch $@

$(VENV)/.book: pyproject.toml $(VENV)/.core
	$(PIP) install --quiet -e '.[book]'
	touch $@
