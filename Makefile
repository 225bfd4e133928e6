PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready
DOCS_READY := .venv/.docs
unexport PYTHONDONTWRITEBYTECODE  # else each process that a test starts compiles everything again

.PHONY: setup demo live-demo paper test test-all lint docs pictures release-check bench mutants portable clean

setup: $(READY)

$(READY): pyproject.toml
	@echo "Installing bidlab and its packages into .venv, once; this takes about a minute."
	$(PYTHON) -m venv .venv
	-@$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade pip  # older ones take twice as long
	$(BIN)/python -m pip install --no-compile --quiet --disable-pip-version-check -e '.[dev]'
	touch $@

$(DOCS_READY): $(READY)
	@echo "Installing what builds the site, once."
	$(BIN)/python -m pip install --no-compile --quiet --disable-pip-version-check -e '.[docs]'
	touch $@

demo: setup
	@echo "Replaying the recorded MarketBench auction; this takes some ten seconds."
	$(BIN)/bidlab run marketbench_replay

live-demo: setup
	@echo "Asking a small model on this machine; this takes some minutes, and 127 MB of installation once."
	$(BIN)/python docs/examples/live/demo.py

paper: setup
	@echo "Making the MarketBench study in out/paper; this takes two minutes of CPU time, a little more with pdflatex."
	$(BIN)/bidlab paper --out out/paper
	@if command -v pdflatex > /dev/null; then \
		cd out/paper && pdflatex -interaction=batchmode paper.tex > /dev/null && \
		pdflatex -interaction=batchmode paper.tex > /dev/null && echo "out/paper/paper.pdf"; \
	else echo "no pdflatex: out/paper/paper.tex is not compiled"; fi

test: setup
	@echo "Running the quick tests on all cores; this takes a few minutes (test-all: much longer)."
	$(BIN)/python -m pytest -n auto -m 'not slow'

test-all: setup
	EXAMPLES=all $(BIN)/python -m pytest -n auto

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

docs: $(DOCS_READY)
	@echo "Building the site in out/site; this runs three notebooks and takes a minute."
	$(BIN)/python -m sphinx -W --keep-going -q -b html -d out/site.doctrees docs out/site
	$(BIN)/python -m tests.site_check out/site
	@echo "out/site/index.html"

pictures: setup
	@echo "Drawing the pictures of README.md and the tutorial anew; this takes half a minute."
	$(BIN)/python docs/pictures/draw.py

release-check: setup
	@echo "Building wheel and source distribution, and trying both elsewhere; this takes some minutes."
	$(BIN)/python -m tests.release_check

mutants: setup
	$(BIN)/python -m tests.mutants

bench: setup
	$(BIN)/python -m tests.bench_market
	$(BIN)/python -m tests.bench_engines

portable: setup
	$(BIN)/python -m tests.portable

clean:
	rm -rf .venv .venv-model out build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .benchmarks
