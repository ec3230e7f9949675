# CityFlow: `make help` lists what can be done here. Needs python3 (3.11 or later), make and git.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
# Tests start hundreds of processes: none of them compiles what another one has compiled.
unexport PYTHONDONTWRITEBYTECODE

PYTHON ?= python3
SERVE ?= 1
BENCH ?=
DATE ?=
FROM ?=
TO ?=
PROFILE ?=
SERVICE ?=

VENV := .venv
BIN := $(VENV)/bin
PACKAGES := core services/ingest services/processor services/reporter services/api \
            services/dashboard simulator
SOURCES := $(PACKAGES:%=%/src) scripts benchmarks
FAST := -n 2 --dist worksteal
# Tests flush thousands of small files: in memory, if it has room (MB), that costs nothing. Some of
# the files are programs, which a container's /dev/shm refuses to run unless told otherwise.
IN_MEMORY = $(shell [ -w /dev/shm ] && ! grep -q ' /dev/shm .*noexec' /proc/mounts && \
  [ "$$(df -Pm /dev/shm | awk 'END { print $$4 }')" -gt $(or $(1),3000) ] && \
  [ "$$(awk '/^MemAvailable/ { print int($$2 / 1024) }' /proc/meminfo)" -gt $(or $(1),3000) ] && \
  echo TMPDIR=/dev/shm)
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input install \
       --no-build-isolation --constraint constraints.txt

##@ Two commands to start with
.PHONY: demo
demo: $(VENV)/.runtime ## a synthetic Paris from its sources to the dashboard (SERVE=0: stop before serving)
	@$(BIN)/python -m scripts.demo $(if $(filter 0 no false,$(SERVE)),,--serve)

.PHONY: test
test: style ## ruff and the whole fast test suite
	@$(call IN_MEMORY) $(BIN)/python -m pytest $(FAST)

##@ The full stack in containers, with Docker and Compose v2
STACK := DATE='$(DATE)' FROM='$(FROM)' TO='$(TO)' PROFILE='$(PROFILE)' SERVICE='$(SERVICE)' \
         deploy/compose/stack

.PHONY: up
up: ## start everything and wait until it is healthy (PROFILE=demo, live or aws-local; ,scale ,observe)
	@$(STACK) up

.PHONY: down
down: ## stop everything; the data stays
	@$(STACK) down

.PHONY: logs ps shell alerts
logs ps shell alerts: ## what it says, how it is, a shell in it (SERVICE=processor), what Prometheus warns of
	@$(STACK) $@

.PHONY: daily backfill
daily backfill: ## fetch, process and report what is due (or DATE), or FROM a day TO another
	@$(STACK) $@

.PHONY: backup restore
backup restore: ## save into a folder (TO), or bring back FROM one
	@$(STACK) $@

.PHONY: images image-sizes
images image-sizes: ## build the images; how large they are
	@$(STACK) $@

.PHONY: sbom
sbom: $(VENV)/.runtime $(VENV)/.images ## what each built image holds, as CycloneDX in sbom/
	@$(BIN)/python -m scripts.images sbom

##@ More checks
.PHONY: lint style
lint: style ## ruff, mypy --strict and the import rules
	@$(BIN)/mypy $(wildcard $(SOURCES))
	@$(BIN)/lint-imports --no-cache --no-logo

style: $(VENV)/.dev
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

.PHONY: coverage
coverage: $(VENV)/.dev ## the tests of `make test`, with branch coverage
	@$(call IN_MEMORY) $(BIN)/python -m pytest $(FAST) --cov --cov-report=term:skip-covered

# The files that take longest begin first: no worker is left alone with one.
INTEGRATION := $(wildcard tests/integration/test_*.py)
LONGEST := $(addprefix tests/integration/test_,$(addsuffix .py,thirty_days same_everywhere \
  two_at_once demo rebuild iam bad_day migrate))
# A container that starts or ends changes the network, and a browser drops its requests then.
BROWSED := tests/integration/test_dashboard_browser.py
FIRST_DAY := tests/integration/test_containers_first_day.py
.PHONY: test-integration
test-integration: $(VENV)/.dev $(VENV)/.servers ## across services: real servers, a real browser, a clean clone
	@$(BIN)/python -m pytest -n 2 $(BROWSED)
	@$(call IN_MEMORY,12000) $(BIN)/python -m pytest -n 3 --dist loadfile --no-loadscope-reorder \
	  -m "not containers" \
	  $(LONGEST) $(filter-out $(LONGEST) $(BROWSED),$(INTEGRATION))

.PHONY: test-containers
test-containers: $(VENV)/.dev ## the full stack in containers: kills, upgrades, a full volume, a browser
	@$(BIN)/python -m pytest $(FIRST_DAY)
	@$(BIN)/python -m pytest -n 2 --dist loadfile -m containers tests/integration \
	  --ignore $(FIRST_DAY)

.PHONY: check-containers
check-containers: $(VENV)/.runtime $(VENV)/.images images ## Dockerfiles, compose files, build context, SBOM, known vulnerabilities
	@deploy/compose/check

FAULTS := $(wildcard tests/faults/test_*.py)
LONGEST_FAULTS := $(addprefix tests/faults/test_,$(addsuffix .py,kill_backfill memory kill_steps \
  damaged_store bad_input kill_fetch bad_disk))
.PHONY: test-faults
test-faults: $(VENV)/.dev ## kill -9, full disks and huge inputs (as root: also unreadable folders)
	@$(call IN_MEMORY,12000) $(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder \
	  $(LONGEST_FAULTS) $(filter-out $(LONGEST_FAULTS),$(FAULTS))

.PHONY: bench
bench: $(VENV)/.dev ## speed beside pandas and Polars; bench-science, calibrate: detectors and thresholds (BENCH: options)
	@$(BIN)/python -m benchmarks $(BENCH)

.PHONY: bench-science
bench-science: $(VENV)/.dev
	@$(BIN)/python -m benchmarks.science $(BENCH)

.PHONY: calibrate
calibrate: $(VENV)/.dev
	@$(BIN)/python -m benchmarks.calibration $(BENCH)

##@ The house
.PHONY: docs
docs: $(VENV)/.runtime ## write the generated pages of docs/ anew
	@$(BIN)/python -m cityflow.docs write

.PHONY: iam
iam: $(VENV)/.dev ## write deploy/iam anew: what each service asks of AWS, recorded
	@PYTHONPATH=tests $(BIN)/python -m aws_rights

.PHONY: install
install: $(VENV)/.runtime ## the services into .venv, without what only tests need

.PHONY: clean
clean: ## remove the environment, the demo and every cache
	rm -rf $(VENV) demo build dist htmlcov .coverage* .*_cache .hypothesis
	find $(PACKAGES) tests -depth \( -name __pycache__ -o -name '*.egg-info' \) -exec rm -rf {} +

.PHONY: help
help:
	@awk -F ':.*## ' '/^##@/ { printf "\n%s\n", substr($$0, 5) } \
	  /^[a-z -]+:.*## / { printf "  make %-20s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# pip says hundreds of lines: on a terminal one line counts them; its errors pass untouched.
define pip_install
	@echo "Installing $(1) into $(VENV)"; started=$$SECONDS; count=0; \
	$(PIP) $(2) | while IFS= read -r line; do case $$line in Collecting*) count=$$((count + 1)); \
	  [ ! -t 1 ] || printf '\r\033[K  %d %s' $$count "$${line#Collecting }";; esac; done; \
	[ ! -t 1 ] || printf '\r\033[K'; echo "  done in $$((SECONDS - started)) s"
endef

$(VENV)/.made: constraints.txt
	@command -v $(PYTHON) >/dev/null || { echo "$(PYTHON): not found. Install Python 3.11 or \
	later, or name one: make PYTHON=/path/to/python3" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "$(PYTHON) does not \
	start or is older than 3.11. Name another: make PYTHON=python3.13" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "$(PYTHON) cannot make virtual \
	environments. On Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV)
	$(call pip_install,the build tools,setuptools)
	@touch $@

$(VENV)/.runtime: $(VENV)/.made $(PACKAGES:%=%/pyproject.toml)
	$(call pip_install,the services,$(PACKAGES:%=--editable ./%))
	@touch $@

$(VENV)/.dev: $(VENV)/.runtime requirements/dev.txt
	$(call pip_install,the test tools,--requirement requirements/dev.txt)
	@touch $@

# What pins versions of its own gets an environment of its own: what looks at images, a server of tests.
$(VENV)/.images: $(VENV)/.made requirements/images.txt
	@$(PYTHON) -m venv $(VENV)/images
	@$(VENV)/images/bin/python -m pip --disable-pip-version-check --no-input install --quiet \
	  --requirement requirements/images.txt
	@touch $@

$(VENV)/.servers: $(VENV)/.made requirements/servers.txt
	@$(PYTHON) -m venv $(VENV)/ministack
	@$(VENV)/ministack/bin/python -m pip --disable-pip-version-check --no-input install --quiet \
	  --requirement requirements/servers.txt
	@touch $@
