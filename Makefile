# Needs Python >= 3.11, make and git; everything else comes locked into .venv. `make help` lists the targets.
SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

# PYTHON: an interpreter of your own choice. TESTS: a part of the tests. UPGRADE=1: newest releases into the locks.
# FUZZ_SECONDS, FUZZ: how long to fuzz in all, and which targets.
PYTHON ?=
TESTS ?=
UPGRADE ?=
FUZZ_SECONDS ?= 600
FUZZ ?=

# Images often set this; each of the many processes that the tests start would compile everything anew.
unexport PYTHONDONTWRITEBYTECODE

BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input --quiet
# One pinned resolver writes the same locks everywhere; only `make lock` needs it.
UV := uv==0.13.8

CODE := $(wildcard reviewer tests benchmarks)
WORKFLOWS := $(wildcard .github/workflows/*.yml examples/review.yml examples/audit.yml)
# A stamp is named after what was installed, so a changed lock installs again and nothing else does.
digest = $(shell git hash-object --no-filters pyproject.toml locks/$(1).txt | git hash-object --stdin)
OFFLINE := .venv/.offline-$(call digest,offline)
DEV := .venv/.dev-$(call digest,dev)
FUZZER := .venv/.fuzz-$(call digest,fuzz)
# The report's tests in a browser take a driver of 165 MB, which is of no use without a browser: without one they are
# skipped, and say so.
CHROMIUM := $(firstword $(foreach name,chromium chromium-browser google-chrome google-chrome-stable chrome,\
  $(shell command -v $(name) 2> /dev/null)))
BROWSER := $(if $(CHROMIUM),.venv/.browser-$(call digest,browser))

.PHONY: help
help: ## What can be made
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/make \1: \2/p' Makefile

.PHONY: demo
demo: $(OFFLINE) ## Review the bundled sample without key or network, into demo-out/
	$(BIN)/reviewer demo

.PHONY: test
test: $(DEV) $(BROWSER) ## Run the tests (TESTS=tests/core for a part of them)
	$(BIN)/python -m pytest -n 2 $(TESTS)

.PHONY: lint
lint: $(DEV) ## Check style, types, the import law, workflows and action
	$(BIN)/ruff check $(CODE)
	$(BIN)/ruff format --check $(CODE)
	$(BIN)/python -m mypy
	$(BIN)/lint-imports
	$(BIN)/actionlint $(WORKFLOWS)
	$(BIN)/check-jsonschema --builtin-schema vendor.github-workflows $(WORKFLOWS)
	$(BIN)/check-jsonschema --builtin-schema vendor.github-actions action.yml
	$(BIN)/check-jsonschema --builtin-schema vendor.dependabot .github/dependabot.yml
	$(BIN)/zizmor --offline --no-progress --persona=auditor action.yml .github/dependabot.yml $(WORKFLOWS)

.PHONY: fuzz
fuzz: $(DEV) $(FUZZER) ## Fuzz what strangers write (FUZZ_SECONDS=600 in all, FUZZ="patch event" for some targets)
	$(BIN)/python -m tests.fuzz --seconds $(FUZZ_SECONDS) $(FUZZ)

.PHONY: explore
explore: $(DEV) ## Try the properties on examples that no run has tried yet (TESTS=tests/core for a part of them)
	$(BIN)/python -m pytest -n 2 -m hypothesis --hypothesis-profile=explore $(TESTS)

.PHONY: bench
bench: $(DEV) ## Measure time and memory
	$(BIN)/python -m benchmarks

.PHONY: docs
docs: $(DEV) ## Make the documentation pages that come from the code
	$(BIN)/python -m reviewer.config.documentation > docs/configuration.md
	$(BIN)/python -m tests.faults.page > docs/failures.md
	$(BIN)/python -c 'import json; from reviewer.config.loading import schema; print(json.dumps(schema(), indent=2))' \
	  > reviewer/config/schema.json

.PHONY: record
record: $(DEV) ## Record the tests' HTTP cassettes anew
	VCR_RECORD_MODE=all $(BIN)/python -m pytest $(TESTS)

.PHONY: lock
lock: build/uv/bin/uv ## Resolve pyproject.toml into locks/ (UPGRADE=1 for the newest releases)
	compile() { UV_CUSTOM_COMPILE_COMMAND="make lock" build/uv/bin/uv pip compile --quiet --universal \
	    --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links \
	    $(if $(UPGRADE),--upgrade) --group build pyproject.toml "$$@" > /dev/null; }; \
	  compile -o locks/runtime.txt; \
	  compile -o locks/offline.txt -c locks/runtime.txt --extra offline; \
	  compile -o locks/dev.txt -c locks/offline.txt --extra offline --extra postgresql --group dev; \
	  compile -o locks/browser.txt -c locks/dev.txt --extra offline --extra postgresql --group dev --group browser; \
	  compile -o locks/fuzz.txt -c locks/dev.txt --group fuzz

.PHONY: dist
dist: $(OFFLINE) ## Build the source archive and the wheel into dist/
	rm -rf dist; mkdir dist
	SOURCE_DATE_EPOCH="$$(git log -1 --format=%ct)" $(BIN)/python -c \
	  'from flit_core import buildapi; buildapi.build_sdist("dist"); buildapi.build_wheel("dist")'

.PHONY: clean
clean: ## Remove what can be made again
	rm -rf .venv build dist demo-out .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis

# The candidates are tried by running them: version managers put names on the path that answer nothing.
.venv/bin/python:
	@for candidate in $(if $(PYTHON),"$(PYTHON)",python3.13 python3.12 python3.11 python3); do \
	  if "$$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2> /dev/null; then \
	    "$$candidate" -m venv --clear .venv; exit 0; \
	  fi; \
	done; \
	echo "No Python >= 3.11 was found. Install one, or name it: make PYTHON=/path/to/python ..." >&2; exit 1

.venv/.offline-%: | .venv/bin/python
	$(PIP) install --no-compile --require-hashes -r locks/offline.txt
	$(PIP) install --no-compile --no-deps --no-build-isolation -e .
	@rm -f .venv/.offline-*; touch $@

.venv/.dev-%: | .venv/bin/python
	$(PIP) install --no-compile --require-hashes -r locks/dev.txt
	$(PIP) install --no-compile --no-deps --no-build-isolation -e .
	@rm -f .venv/.dev-*; touch $@

.venv/.browser-%: $(DEV)
	$(PIP) install --no-compile --require-hashes -r locks/browser.txt
	@rm -f .venv/.browser-*; touch $@

.venv/.fuzz-%: $(DEV)
	$(PIP) install --no-compile --require-hashes -r locks/fuzz.txt
	@rm -f .venv/.fuzz-*; touch $@

build/uv/bin/uv: | .venv/bin/python
	$(BIN)/python -m venv build/uv
	build/uv/bin/python -m pip --disable-pip-version-check --quiet install $(UV)
