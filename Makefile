# Every target works on a fresh machine that has Python 3.11+ and make: the first one makes .venv, with what it needs.
SHELL := /bin/bash
# Where it is set, as in many images, every process of the tests would compile all that it imports anew: 8.8 CPU seconds instead of 3.4.
export PYTHONDONTWRITEBYTECODE :=
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
UV := $(BIN)/uv
UV_VERSION := 0.13.9
# What runs, and what tests and checks need on top.
INSTALLED := $(VENV)/.installed
INSTALLED_DEV := $(VENV)/.installed-dev
PINS := pyproject.toml requirements/hashed.txt requirements/torch.txt requirements/left-out.txt
INSTALL = PATH="$(CURDIR)/$(BIN):$$PATH" sh deploy/docker/install.sh $(VENV)
# torch comes with dev. auto: PyTorch's own CPU builds where their index answers within 3 seconds, else PyPI's. Empty: PyPI's, without asking.
# Or the address of an index to prefer for torch.
TORCH_INDEX ?= auto
COMPILE = UV_EXCLUDE=requirements/left-out.txt $(UV) pip compile pyproject.toml --extra dev --universal \
	--python-version 3.11 --no-emit-index-url --no-header --no-annotate -q

.DEFAULT_GOAL := help
.PHONY: help setup lock clean format lint types test test-slow test-unit coverage check demo train schemas docs dashboard kafka \
	bench bench-speech chaos rolling hostile api-check api-chaos outside asterisk watch-check deploy-check deploy-tools cluster-check cluster-brake cluster-scaling \
	images images-check images-lint images-real compose-real

help: ## print this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  %-15s %s\n", $$1, $$2}'

setup: $(INSTALLED_DEV) ## make .venv with everything that development needs, pinned (TORCH_INDEX=… for other builds of torch)

$(UV):
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install -q uv==$(UV_VERSION)

$(INSTALLED): $(PINS) | $(UV)
	$(INSTALL) all
	$(UV) pip install -q --python $(BIN)/python --no-deps -e .
	@touch $@

$(INSTALLED_DEV): $(INSTALLED)
	TORCH_INDEX="$(if $(filter auto,$(TORCH_INDEX)),$$($(BIN)/python deploy/laptop/torch_index.py),$(TORCH_INDEX))" \
		$(INSTALL) dev
	@touch $@

format: $(INSTALLED_DEV) ## rewrite the code in the project's format
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lint: $(INSTALLED_DEV) types ## run ruff (lint and format) and mypy --strict, changing nothing
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(INSTALLED_DEV) ## run mypy --strict
	$(BIN)/mypy

PROCESSES := -n 3 --dist loadfile --no-loadscope-reorder
test: $(INSTALLED_DEV) ## run every test
	$(BIN)/pytest $(PROCESSES)

test-slow: $(INSTALLED_DEV) ## run the tests that `make test` leaves out, one after the other
	$(BIN)/pytest -m slow

coverage: $(INSTALLED_DEV) ## run every test, and say which lines they run
	$(BIN)/pytest $(PROCESSES) --cov --cov-report=term

test-unit: $(INSTALLED_DEV) ## run the fast tests alone
	$(BIN)/pytest -m "not integration"

check: lint test ## run what CI runs: lint, types, every test

bench: $(INSTALLED_DEV) ## measure what the conveyor costs, as ratios in one run; needs Java and Maven
	$(BIN)/python -m benchmarks.conveyor

bench-speech: $(INSTALLED_DEV) ## measure what the speech stages cost, as ratios in one run (about 8 minutes on an idle machine)
	$(BIN)/python -m benchmarks.speech

kafka: $(INSTALLED) ## run a real Apache Kafka on this machine until Ctrl-C (ARGS="--brokers 3", needs Java 17 and Maven)
	$(BIN)/python -m deploy.laptop.kafka $(ARGS)

SEED ?= 7
CALLS ?= 1000
BROKERS ?= 1
chaos: $(INSTALLED_DEV) ## kill everything while calls flow, and count what is lost (SEED=7 CALLS=1000 BROKERS=1|3); needs Java and Maven
	$(BIN)/python -m tests.chaos --seed $(SEED) --calls $(CALLS) --brokers $(BROKERS)

rolling: $(INSTALLED_DEV) ## replace every worker while calls flow, and count what is lost or comes twice (CALLS=1000); needs Java and Maven
	$(BIN)/python -m tests.chaos --rolling --calls $(CALLS) --pause 2

hostile: $(INSTALLED_DEV) ## send good calls among as many hostile messages, and account for each (SEED=7 CALLS=1000); needs Java and Maven
	$(BIN)/python -m tests.hostile --seed $(SEED) --calls $(CALLS)

api-check: $(INSTALLED_DEV) ## ask a running API whatever its OpenAPI document allows, with a key of every role
	$(BIN)/python -m tests.api.fuzz $(ARGS)

api-chaos: $(INSTALLED_DEV) ## kill the API, the broker and the store while calls are handed in, and account for each answer (SEED=7 CALLS=150); needs Java and Maven
	$(BIN)/python -m tests.api.chaos --seed $(SEED) --calls $(if $(filter file,$(origin CALLS)),150,$(CALLS))

asterisk: $(INSTALLED_DEV) ## listen to a real Asterisk (installed, or in a Debian that CALLSIFT_TEST_ASTERISK names)
	$(BIN)/pytest -m slow tests/sources/asterisk/test_real.py tests/sources/asterisk/test_killed.py

outside: $(INSTALLED_DEV) ## run the demo and each command under strace, and write whom the demo talks to into outside.log (has to stay empty)
	$(BIN)/python -m tests.outside
	$(BIN)/pytest -m slow tests/callsift/test_outside.py

watch-check: $(INSTALLED_DEV) ## ask a real Prometheus that scrapes real workers all that the dashboard asks; needs Java, Maven
	$(BIN)/python -m tests.watched $(ARGS)

deploy-check: $(INSTALLED_DEV) ## check chart, manifests, policies, alerts, dashboard, compose file and Dockerfile, without a cluster
	$(BIN)/pytest tests/deploy tests/cluster

TOOLS := $(HOME)/.cache/callsift/tools
GO_INSTALL = CGO_ENABLED=0 GOBIN=$(TOOLS) go install -trimpath -tags remove_all_sd
PROMETHEUS := github.com/prometheus/prometheus/cmd
deploy-tools: ## build prometheus, promtool, compose's parser and KEDA's scaler, which watch-check and deploy-check use (needs Go, takes minutes)
	mkdir -p $(TOOLS)
	$(GO_INSTALL) $(PROMETHEUS)/promtool@v0.316.0 $(PROMETHEUS)/prometheus@v0.316.0
	sh deploy/compose/build_parser.sh $(TOOLS)
	sh tests/cluster/keda_scaler/build.sh $(TOOLS)

cluster-check: $(INSTALLED_DEV) ## install every set of values, drain, upgrade and roll back the chart on the trial cluster that KUBECONFIG names (ARGS=…)
	$(BIN)/python -m tests.cluster.check $(ARGS)

cluster-brake: $(INSTALLED_DEV) ## let a bad deployment apply the brake and do what the runbook says, on the trial cluster of KUBECONFIG (ARGS=…)
	$(BIN)/python -m tests.cluster.brake $(ARGS)

cluster-scaling: $(INSTALLED_DEV) ## let KEDA scale transcribe up and down with 500 calls, on the trial cluster of KUBECONFIG (ARGS=…)
	$(BIN)/python -m tests.cluster.scaling $(ARGS)

demo: $(INSTALLED) ## send the demo calls through the whole pipeline and print their outcomes
	$(BIN)/callsift demo

train: $(INSTALLED) ## train the offline classifier, write its model and print its figures
	$(BIN)/callsift train

schemas: $(INSTALLED) ## write the exported contract (schemas/contract) again
	$(BIN)/callsift schemas export schemas/contract

docs: $(INSTALLED) ## write the pages that are made from the code
	$(BIN)/python -m callsift.reference docs
	$(BIN)/python -m deploy.helm.reference

dashboard: $(INSTALLED) ## write the Grafana dashboard again
	$(BIN)/python -m deploy.grafana.dashboard

IMAGE_PREFIX ?= callsift
IMAGE_TAG ?= 0.1.0
IMAGES ?= audio transcribe classify reprocess sink retry monitor operations webhooks api source tools
images: ## build every image; needs Docker (IMAGES=sink IMAGE_PREFIX=… IMAGE_TAG=…)
	set -e; for image in $(IMAGES); do docker build -f deploy/docker/Dockerfile --target $$image \
		-t $(IMAGE_PREFIX)-$$image:$(IMAGE_TAG) \
		--build-arg VERSION=$(IMAGE_TAG) --build-arg REVISION=$$(git rev-parse HEAD 2>/dev/null || echo unknown) .; done

images-real: $(INSTALLED_DEV) ## build every image on a container engine and run the pipeline from them, as the chart would (ARGS=…)
	$(BIN)/python -m tests.engine.images $(ARGS)

compose-real: $(INSTALLED_DEV) ## run the compose file from a fresh clone on a container engine, and take it down again (ARGS=…)
	$(BIN)/python -m tests.engine.compose $(ARGS)

images-check: $(INSTALLED) ## prove the Dockerfile's steps without Docker (ARGS="sink retry" for some)
	$(BIN)/python -m tests.images $(ARGS)

images-lint: $(INSTALLED_DEV) ## check the Dockerfile with hadolint
	$(BIN)/hadolint deploy/docker/Dockerfile

# torch and what it alone pulls in stand apart without hashes: the CPU builds have other files (docs/decisions/0002).
lock: | $(UV) ## resolve what pyproject.toml bounds; a pin that fits stays (ARGS=--upgrade, ARGS="--upgrade-package NAME")
	cat requirements/hashed.txt requirements/torch.txt > requirements/.resolved.txt
	$(COMPILE) $(ARGS) -o requirements/.resolved.txt
	grep -E '^(torch|torchaudio|triton|nvidia-|cuda-)' requirements/.resolved.txt > requirements/torch.txt
	$(COMPILE) --generate-hashes -c requirements/.resolved.txt -o requirements/.hashed.txt \
		$$(sed -E 's/==.*//; s/^/--no-emit-package /' requirements/torch.txt)
	mv requirements/.hashed.txt requirements/hashed.txt
	rm requirements/.resolved.txt

clean: ## remove .venv and every cache
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .coverage
