# `make demo` shows the tool against its sandbox; `make test` runs the whole suite.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo test test-long test-versions lint format generated completions pictures bench bench-quick dist clean

.venv/demo: pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e .
	touch $@

.venv/dev: pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev]'
	touch $@ .venv/demo

demo: .venv/demo
	$(BIN)/parsec -p sandbox users list

# needs Python and a package index; tests that need a missing program are skipped and listed
test: .venv/dev
	$(BIN)/python -m pytest -n auto

# the long tests: kills, signals and mutated responses; about ten minutes
test-long: .venv/dev
	PARSEC_TEST_FULL=1 $(BIN)/python -m pytest -n auto

# commands, errors, help and completion on each version of Typer that pyproject.toml permits
test-versions:
	set -e; for version in 0.26.0 0.27.1 0.28.0 0.29.2; do \
		$(PYTHON) -m venv .venv/typer-$$version; \
		.venv/typer-$$version/bin/python -m pip install --quiet --disable-pip-version-check \
			-e '.[dev]' "typer==$$version"; \
		.venv/typer-$$version/bin/python -m pytest -n auto tests/test_*.py tests/cli tests/commands \
			tests/completion tests/field; \
	done

lint: .venv/dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: .venv/dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# exits with 1 if a target is missed; benchmarks/RESULTS.md has the last full run
bench: .venv/dev
	PYTHONPATH=tests $(BIN)/python benchmarks

bench-quick: .venv/dev
	PYTHONPATH=tests $(BIN)/python benchmarks --quick

# build the wheel and the sdist, and run the suite against the installed wheel
dist: .venv/dev
	rm -rf dist
	$(BIN)/python -m build --outdir dist .
	$(PYTHON) -m venv dist/venv
	dist/venv/bin/python -m pip install --quiet --disable-pip-version-check "$$(ls dist/*.whl)[dev]"
	mkdir dist/suite
	git ls-files Makefile pyproject.toml '*.md' uv.lock tests docs completions benchmarks \
		| tar -c -T - | tar -x -C dist/suite
	cd dist/suite && ../venv/bin/python -m pytest -n auto

# write the files generated from the command tree: completions, reference, man page
generated completions: .venv/dev
	$(BIN)/python docs/generate.py

pictures: .venv/dev
	$(BIN)/python docs/pictures.py

clean:
	rm -rf .venv dist
