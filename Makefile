# Needs Python >= 3.11 and make; everything else goes into .venv.
# PYTHON=… chooses an interpreter, ARGS=… passes flags: make serve ARGS="--edition 2020-09".

SHELL := /bin/sh
VENV := .venv
BIN := $(VENV)/bin
CANDIDATES := python3 python3.14 python3.13 python3.12 python3.11 python
IS_NEW_ENOUGH := import sys; sys.exit(sys.version_info < (3, 11))
PYTHON ?= $(shell for name in $(CANDIDATES); do \
	"$$name" -c "$(IS_NEW_ENOUGH)" >/dev/null 2>&1 && { command -v "$$name"; break; }; done)
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
COMPILE := $(BIN)/pip-compile --quiet --generate-hashes --no-header --no-emit-index-url \
	--no-emit-find-links --no-emit-trusted-host --strip-extras --allow-unsafe --upgrade
# LOCKED=1 installs the very files that requirements/ci.txt names, as .ci/run does.
LOCKED ?=
LOCKED_INSTALL = $(PIP) --require-hashes -r requirements/ci.txt && $(PIP) --no-deps --editable .
ARGS ?=
DOCKER ?= docker
IMAGE ?= aep-emulator:dev
# What the image has beside the emulator itself.
IMAGE_EXTRAS := metrics parquet s3 sql tls
# What the image's labels say: SOURCE is the address of this repository, if it has one.
SOURCE ?=
VERSION := $(shell sed -n 's/^__version__ = "\(.*\)"/\1/p' emulator/__init__.py)
REVISION = $(shell git describe --always --dirty --abbrev=40 --exclude='*' 2>/dev/null)
CREATED = $(shell TZ=UTC git log -1 --date=format-local:%Y-%m-%dT%H:%M:%SZ --format=%cd 2>/dev/null)
LABELS = $(foreach name,VERSION REVISION CREATED SOURCE,--build-arg $(name)=$($(name)))

.PHONY: help serve test coverage fuzz attack loss soak lint format types check-contracts schemas tables pages docs screenshots bench build image test-image release lock clean

help:  ## Show this list
	@sed -nE 's/^([a-z-]+):.*## (.*)/make \1|\2/p' Makefile | while IFS='|' read -r target text; do \
		printf '%-22s %s\n' "$$target" "$$text"; done

# Some shells have a variable HOST of their own, so it counts only where make is given it.
LISTEN = $(if $(filter command,$(origin HOST)),--host $(HOST)) $(if $(PORT),--port $(PORT))

serve: $(VENV)/serve.stamp  ## Serve on http://127.0.0.1:8080; PORT=9000, HOST=0.0.0.0, ARGS="…" pass flags
	@exec $(BIN)/aep-emulator serve $(LISTEN) $(ARGS)

# Tests start hundreds of processes, which would each compile the emulator anew without bytecode.
test: export PYTHONDONTWRITEBYTECODE :=
test: $(VENV)/test.stamp $(VENV)/azurite.stamp  ## Run the tests; ARGS="-k cli" and others pass flags
	$(BIN)/python -m pytest -n auto --dist loadfile --no-loadscope-reorder $(ARGS)

coverage: $(VENV)/test.stamp  ## Run the tests and measure what they cover; it takes half as long again
	$(MAKE) test ARGS="--cov $(ARGS)"

fuzz: $(VENV)/test.stamp  ## Try many random requests and sequences; FUZZ_EXAMPLES=500 tries more
	FUZZ_EXAMPLES=$${FUZZ_EXAMPLES:-100} $(BIN)/python -m pytest tests/properties \
		tests/mapping/test_properties.py tests/services/test_large_lists.py $(ARGS)

attack: $(VENV)/test.stamp  ## Play the attacks of tests/attacks at full size, in 1.5 GiB of address space each
	ulimit -v 1572864; export MALLOC_ARENA_MAX=2 AEP_ATTACK=full; failed=; \
	for file in tests/attacks/test_*.py; do \
		$(BIN)/python -m pytest -rA $$file $(ARGS) || failed="$$failed $$file"; \
	done; \
	test -z "$$failed" || { echo "failed:$$failed" >&2; exit 1; }

loss: $(VENV)/test.stamp  ## Kill served emulators amid work, a hundred times on each store; LOSS_KILLS=9 times
	LOSS_KILLS=$${LOSS_KILLS:-100} STORE_SEEDS=$${STORE_SEEDS:-200} $(BIN)/python -m pytest -n auto --dist load \
		tests/loss tests/store/test_alike.py tests/storage/test_service_principal.py $(ARGS)

soak: $(VENV)/test.stamp  ## Play against one process for an hour and watch its memory; ARGS="--minutes 5"
	$(BIN)/python -m tests.attacks.soak $(ARGS)

lint: $(VENV)/dev.stamp  ## Check format and rules
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/aep-emulator contracts format --check contracts
	$(BIN)/check-jsonschema --quiet --builtin-schema vendor.github-actions action.yml
	$(BIN)/check-jsonschema --quiet --builtin-schema vendor.github-workflows examples/ci/github.yml
	$(BIN)/check-jsonschema --quiet --builtin-schema vendor.gitlab-ci examples/ci/gitlab-ci.yml
	$(BIN)/check-jsonschema --quiet --builtin-schema vendor.compose-spec examples/*/compose.yaml

format: $(VENV)/dev.stamp  ## Format, and repair what can be repaired safely
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .
	$(BIN)/aep-emulator contracts format contracts

types: $(VENV)/dev.stamp  ## Check types
	$(BIN)/mypy

check-contracts: $(VENV)/serve.stamp  ## Examine the contract: form, references, cases of every rule
	$(BIN)/aep-emulator contracts check $(ARGS)

schemas: $(VENV)/serve.stamp  ## Write contracts/schema anew from the definitions
	$(BIN)/aep-emulator contracts schemas contracts/schema

tables: $(VENV)/serve.stamp pages  ## Write the generated tables of the documents anew, and the pages of rules
	$(BIN)/python docs/tables.py
	$(BIN)/python docs/tutorials.py
	$(BIN)/python docs/api_page.py
	$(BIN)/python docs/mapping_functions.py
	$(BIN)/python examples/make_reports.py

bench: $(VENV)/test.stamp  ## Measure against a bare Flask application; prints ratios
	$(BIN)/python -m benchmarks $(ARGS)

pages: $(VENV)/serve.stamp  ## Write docs/rules: every rule with its source, a page for each service
	$(BIN)/aep-emulator contracts pages docs/rules

# Not --quiet: it hides warnings from --strict too, which then lets everything pass.
docs: $(VENV)/docs.stamp pages  ## Write the site of the documentation into site/; a link that leads nowhere fails
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict $(ARGS)

screenshots: $(VENV)/test.stamp  ## Take the pictures of the page in docs/pictures anew; it needs a Chromium
	$(BIN)/python docs/screenshots.py

build: $(VENV)/test.stamp pages  ## Build the wheel and the source distribution into dist/
	$(BIN)/python -m build --no-isolation --outdir dist .

lock: $(BIN)/python  ## Write requirements/ anew: the newest releases, with their hashes
	$(PIP) pip-tools
	$(COMPILE) $(IMAGE_EXTRAS:%=--extra %) --output-file requirements/image.new pyproject.toml
	$(COMPILE) --only-build-deps --build-deps-for wheel --output-file requirements/build.new pyproject.toml
	$(COMPILE) --extra dev --output-file requirements/ci.new pyproject.toml
	$(BIN)/python requirements/heads.py

image:  ## Build the container image aep-emulator:dev
	$(DOCKER) build --build-arg PYTHON_IMAGE=$$(cat requirements/base-image) $(LABELS) --tag $(IMAGE) .

test-image: $(VENV)/test.stamp  ## Run the image as it should be run: without capabilities, its root read-only
	DOCKER="$(DOCKER)" IMAGE="$(IMAGE)" $(BIN)/python -m pytest tests/image $(ARGS)

release: $(VENV)/dev.stamp  ## Make wheel, source distribution and image, and check them; ARGS=--rehearse at any time
	DOCKER="$(DOCKER)" SOURCE="$(SOURCE)" $(BIN)/python -m release $(ARGS)

clean:  ## Remove everything that was made here, .venv included
	rm -rf $(VENV) dist build site docs/rules .coverage* .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# A stamp is newer than pyproject.toml as long as what it stands for is installed.
$(VENV)/serve.stamp: pyproject.toml | $(BIN)/python
	@echo "Installing aep-emulator into $(VENV) (only when pyproject.toml has changed)"
	@$(PIP) --editable .
	@touch $@

$(VENV)/test.stamp: pyproject.toml | $(BIN)/python
	@echo "Installing aep-emulator and what its tests need into $(VENV)"
	@$(if $(LOCKED),$(LOCKED_INSTALL),$(PIP) --editable '.[test]')
	@touch $@ $(VENV)/serve.stamp

# Azure's emulator, which npm installs; without it the tests that need it say that it is missing.
$(VENV)/azurite.stamp: requirements/azurite | $(VENV)/test.stamp
	@command -v npm >/dev/null || echo "There is no npm: tests of Azure Blob Storage are skipped"
	@! command -v npm >/dev/null || { echo "Installing Azurite into $(VENV)"; \
		npm install --silent --no-audit --no-fund --prefix $(VENV) "$$(cat requirements/azurite)" || \
		echo "npm cannot install Azurite: tests of Azure Blob Storage are skipped"; }
	@touch $@

$(VENV)/docs.stamp: pyproject.toml | $(BIN)/python
	@echo "Installing aep-emulator and what its site is made with into $(VENV)"
	@$(if $(LOCKED),$(LOCKED_INSTALL),$(PIP) --editable '.[docs]')
	@touch $@ $(VENV)/serve.stamp

$(VENV)/dev.stamp: pyproject.toml | $(BIN)/python
	@echo "Installing aep-emulator and its development tools into $(VENV)"
	@$(if $(LOCKED),$(LOCKED_INSTALL),$(PIP) --editable '.[dev]')
	@touch $@ $(VENV)/docs.stamp $(VENV)/test.stamp $(VENV)/serve.stamp

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "aep-emulator needs Python 3.11 or newer;" \
		"none was found as $(CANDIDATES). Name yours: make PYTHON=/path/to/python3" >&2; exit 1; }
	@"$(PYTHON)" -c "$(IS_NEW_ENOUGH)" || { echo "$(PYTHON) is older than Python 3.11" >&2; exit 1; }
	@echo "Creating $(VENV) with $(PYTHON)"
	@"$(PYTHON)" -m venv $(VENV) || { rm -rf $(VENV); echo "Python's venv module does not work here;" \
		"on Debian and Ubuntu install the package python3-venv" >&2; exit 1; }
