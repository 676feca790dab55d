# make serve   the service on this machine, with everything it needs, until Ctrl-C
# make test    every test
# make test-long   what takes minutes for what a shorter test shows already
# make check   does everything work here, on every card? (CHECK=--json)
# make bench   the service beside stock WhisperX: a table, within 20 minutes on 2 cores
# make perf    perf_analyzer on the graph and its networks, within 15 minutes (PERF="--quick": 3)
# make dashboard  every query of Grafana's dashboard and of the rules, under five minutes of load
# make speakers  who says what, beside commit f8c3262 and stock software: hours, the first time
# make soak    half an hour of mixed load and deaths: has anything grown? (SOAK="--minutes 10")
# make mutants do the unit tests notice when the code beside them is changed?
# make lint    style of the code, the Dockerfile and the compose files
# make lock    pin what pyproject.toml asks for; UPGRADE=1 takes the newest of everything
# make audit   known faults of our code and of what the locks pin
# make clean   remove what make made here; the weights stay in CACHE_DIR

PYTHON ?= python3
# .venv serves, .venv-dev does everything else: deploy/environment.py makes them.
SERVE := $(PYTHON) -m deploy.environment serve
DEV := $(PYTHON) -m deploy.environment dev
BIN := .venv-dev/bin

.PHONY: serve test test-long check bench speakers perf dashboard soak mutants lint lock audit clean interpreter

serve: interpreter
	@exec $(SERVE) python -m adapter.serve

test: interpreter
	@exec $(DEV) python -m pytest -n 3 --dist loadgroup

test-long: interpreter
	@exec $(DEV) python -m pytest -m long

check: interpreter
	@exec $(SERVE) python -m adapter.check $(CHECK)

bench: interpreter
	@exec $(DEV) python -m benchmarks $(BENCH)

speakers: interpreter
	@exec $(DEV) python -m benchmarks.speakers $(SPEAKERS)

perf: interpreter
	@exec $(DEV) python -m benchmarks.perf $(PERF)

dashboard: interpreter
	@exec $(DEV) python -m benchmarks.dashboard $(DASHBOARD)

soak: interpreter
	@exec $(DEV) python -m benchmarks.soak $(SOAK)

mutants: interpreter
	@exec $(DEV) python -m tests.mutants $(MUTANTS)

lint: interpreter
	@$(DEV)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/hadolint Dockerfile.triton
	$(BIN)/check-jsonschema --builtin-schema vendor.compose-spec docker-compose.yml
	@# The schema does not know the tag that takes the GPU away again.
	sed "s/!reset //" docker-compose.cpu.yml | $(BIN)/check-jsonschema --builtin-schema vendor.compose-spec --default-filetype yaml -

lock: interpreter
	@$(PYTHON) -m deploy.lock $(if $(UPGRADE),--upgrade)

audit: interpreter
	@exec $(DEV) python -m deploy.audit $(if $(ADVISORIES),--advisories "$(ADVISORIES)")

clean:
	rm -rf .venv .venv-dev build *.egg-info .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

interpreter:
	@command -v $(PYTHON) >/dev/null || { echo "there is no $(PYTHON); install Python 3.10 to 3.13" >&2; exit 1; }
