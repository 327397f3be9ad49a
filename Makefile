# The front door. `make` lists what there is; everything else is in launcher/ and pyproject.toml.
SHELL := /bin/sh
# The first Python that runs and is new enough: the system's own before the shims of version managers, and by its
# real path. Another one: make PYTHON=/path/to/python3 ...
PYTHON := $(shell for python in /usr/bin/python3.11 python3.11 /usr/bin/python3 python3; do \
	$$python -c 'import sys; sys.exit(print(sys.executable) if sys.version_info >= (3, 11) else 1)' 2>/dev/null && break; done)
ENV := .venv/bin
# A PostgreSQL and a Valkey of its own for one command, gone when it ends.
BESIDE := $(ENV)/python -m launcher with-servers --
# What Django needs to be told before it can be looked at.
SETTINGS := SECRET_KEY=for-this-check-only ALLOWED_HOSTS=localhost EMBEDDED=yes

.PHONY: help setup up test check openapi bench clean have-python
help:  ## show this list
	@sed -n 's/^\([a-z]*\):.*## /  make \1	/p' Makefile

have-python:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed: sudo apt-get install -y python3 python3-venv"; exit 1; }

setup: have-python  ## make .venv and install the pinned packages
	@$(PYTHON) -m launcher setup

up: setup  ## start everything; Ctrl-C stops it
	@$(ENV)/python -m launcher up

test: have-python  ## install what the tests need, then check and test everything
	@$(PYTHON) -m launcher setup --dev --browser
	@$(MAKE) --no-print-directory check
	$(if $(PYTEST),$(BESIDE) $(ENV)/python -m pytest $(PYTEST),$(ENV)/python -m tests.lanes)

check: have-python  ## format, lint, import arrows, types, migrations
	@$(PYTHON) -m launcher setup --dev
	$(ENV)/ruff format --check .
	$(ENV)/ruff check .
	$(ENV)/lint-imports
	$(SETTINGS) $(BESIDE) $(ENV)/mypy .
	$(SETTINGS) $(BESIDE) $(ENV)/python manage.py makemigrations --check --dry-run

openapi: have-python  ## write the pages that are made from the code: API, commands, settings
	@$(PYTHON) -m launcher setup --dev
	$(ENV)/python docs/make_reference.py

bench: have-python  ## measure: responses per second and their cost
	@$(PYTHON) -m launcher setup --dev
	$(ENV)/python -m bench.collect

clean:  ## remove the environment and caches; data in var/ stay
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -not -path './var/*' -prune -exec rm -rf {} +
