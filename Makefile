# make serve   the service on this machine, with everything it needs, until Ctrl-C
# make test    every test
# make test-long   what takes minutes for what a shorter test shows already
# make bench   the service beside stock WhisperX: a table, within 20 minutes on 2 cores
# make lint    style of the code, the Dockerfiles and the compose files
# make clean   remove what make made here; the weights stay in CACHE_DIR

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Another PYTHON wants another environment.
VERSION := import sys; print(*sys.version_info[:3], sep=".")
INSTALLED := $(VENV)/.installed-$(shell { $(PYTHON) -c '$(VERSION)'; } 2>/dev/null)

.PHONY: serve test test-long bench lint clean

serve: $(INSTALLED)
	@exec $(BIN)/python -m adapter.serve

test: $(INSTALLED)
	$(BIN)/python -m pytest

test-long: $(INSTALLED)
	$(BIN)/python -m pytest -m long

bench: $(INSTALLED)
	@exec $(BIN)/python -m benchmarks $(BENCH)

lint: $(VENV)/.lint
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/hadolint Dockerfile.triton deploy/Dockerfile.adapter
	$(BIN)/check-jsonschema --builtin-schema vendor.compose-spec docker-compose.yml
	@# The schema does not know the tag that takes the GPU away again.
	sed "s/!reset //" docker-compose.cpu.yml | $(BIN)/check-jsonschema --builtin-schema vendor.compose-spec --default-filetype yaml -

clean:
	rm -rf $(VENV) build *.egg-info .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(INSTALLED): requirements.lock pyproject.toml
	@command -v $(PYTHON) >/dev/null || { echo "there is no $(PYTHON); install Python 3.10 to 3.13" >&2; exit 1; }
	@$(PYTHON) -m adapter.embedded.interpreter
	@echo "environment: making $(VENV) with $$($(PYTHON) --version)"
	@test "$$($(BIN)/python -c '$(VERSION)' 2>&1)" = "$$($(PYTHON) -c '$(VERSION)')" || rm -rf $(VENV)
	@$(PYTHON) -m venv $(VENV)
	@echo "environment: installing $$(grep -c == requirements.lock) pinned packages; the first time takes minutes"
	@$(BIN)/python -m pip install --disable-pip-version-check --requirement requirements.lock
	@$(BIN)/python -m pip install --disable-pip-version-check --quiet --no-deps --editable .
	@touch $@

$(VENV)/.lint: $(INSTALLED) deploy/lint.txt
	@$(BIN)/python -m pip install --disable-pip-version-check --quiet --constraint requirements.lock --requirement deploy/lint.txt
	@touch $@
