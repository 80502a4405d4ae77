# Everything a fresh machine needs to run, test and measure Jiesu: Python 3.11 or newer, and make.
#   make run ARGS="--port 9000"    make test ARGS="-k ledger"    make setup PYTHON=python3.12

UV_VERSION = 0.13.9
# in an environment of its own, so that syncing the project's never removes the tool that syncs it
UV = .uv/bin/uv
BIN = .venv/bin
SYNCED = .venv/.synced
# an office network may read along under a certificate that only the machine knows
CERTIFICATES = $(if $(wildcard /etc/ssl/certs/ca-certificates.crt),--system-certs)
CHROMIUM = chromium chromium-browser google-chrome
SAY = @printf '== %s\n'

.PHONY: help setup run test check bench clean chromium

help: ## this list
	@echo 'Jiesu. Targets:'
	@sed -n 's/^\([a-z]*\):[^#]*## /  make \1	/p' Makefile

setup: $(SYNCED) ## make the environment in .venv (PYTHON=... chooses the interpreter)

run: setup ## start everything and print the address (ARGS="--port 9000 --empty")
	@exec $(BIN)/jiesu up $(ARGS)

test: setup chromium ## all tests (ARGS="-k words" chooses some)
	$(BIN)/python -m pytest -n 2 $(ARGS)

check: setup ## format, lint, types and import contracts
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: setup ## measure speed and endurance
	$(BIN)/python -m bench $(ARGS)

clean: ## remove environments and caches; data folders stay
	rm -rf .uv .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find core intake routing sla notify web migrations tests bench \
		-name __pycache__ -type d -prune -exec rm -rf {} +

$(SYNCED): pyproject.toml uv.lock $(UV)
	$(SAY) 'Installing what uv.lock lists into .venv'
	@UV_PYTHON_DOWNLOADS=never $(UV) sync --locked $(CERTIFICATES) --python "$$(.uv/bin/python -c 'import sys; print(sys._base_executable)')"
	@touch $@

$(UV):
	$(SAY) 'Fetching uv $(UV_VERSION) into .uv'
	@set -e; for name in $(if $(PYTHON),'$(PYTHON)',python3.14 python3.13 python3.12 python3.11 python3); do \
		"$$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && found=$$name && break; \
	done || true; \
	if [ -z "$$found" ]; then \
		echo 'Python 3.11 or newer is needed$(if $(PYTHON), and $(PYTHON) is not that). Install it, or name it: make setup PYTHON=/path/to/python'; exit 1; \
	fi; \
	if ! said=$$("$$found" -m venv --clear .uv 2>&1); then \
		echo "$$said"; rm -rf .uv; \
		echo "$$found cannot make environments. Debian or Ubuntu: apt-get install $$("$$found" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])') - then run make again"; exit 1; \
	fi; \
	.uv/bin/python -m pip install -q --disable-pip-version-check uv==$(UV_VERSION) || { rm -rf .uv; exit 1; }

# The browser stories need Chromium and a Chinese font; without them they are skipped, said aloud.
chromium:
	@has() { for name in $(CHROMIUM); do command -v $$name >/dev/null && return 0; done; return 1; }; \
	if ! has && [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		echo '== Installing chromium and fonts-noto-cjk'; \
		{ apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
			chromium fonts-noto-cjk; } >.venv/chromium.log 2>&1 || tail -3 .venv/chromium.log; \
	fi; \
	if ! has; then \
		echo '== No Chromium: the browser stories are skipped. To have them: apt-get install chromium fonts-noto-cjk'; \
		[ "$$JIESU_REQUIRE_CHROMIUM" != 1 ]; \
	fi
