# `make demo` shows the tool against its sandbox; `make test` runs the whole suite.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo test test-long test-versions lint format generated completions pictures bench bench-quick dist deb clean

.venv/demo: pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e .
	touch $@

.venv/dev: pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev]'
	touch $@ .venv/demo

.venv/release: .venv/dev
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev,release]'
	touch $@

demo: .venv/demo
	$(BIN)/parsec -p sandbox users list

# needs Python and a package index; tests that need a missing program are skipped and listed
test: .venv/dev
	$(BIN)/python -m pytest -n auto

# the long tests: kills, signals and mutated responses; about twenty minutes
test-long: .venv/release
	PARSEC_TEST_FULL=1 $(BIN)/python -m pytest -n auto

# commands, errors, faults and completion with the oldest and newest dependencies, and on newer Pythons;
# ROUNDS names some of: floors newest trixie sid
test-versions: .venv/release
	release/versions $(ROUNDS)

lint: .venv/dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: .venv/dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# exits with 1 if a target is missed; KEEP=--keep writes benchmarks/RESULTS.md
bench: .venv/dev
	PYTHONPATH=tests $(BIN)/python benchmarks $(KEEP)

bench-quick: .venv/dev
	PYTHONPATH=tests $(BIN)/python benchmarks --quick

# build wheel, sdist, SBOM and checksums, and run the suite against the installed wheel
dist: .venv/release
	rm -rf dist
	$(BIN)/python release/dist.py dist
	$(PYTHON) -m venv dist/venv
	dist/venv/bin/python -m pip install --quiet --disable-pip-version-check "$$(ls dist/*.whl)[dev]"
	mkdir dist/suite
	git ls-files .github Makefile pyproject.toml '*.md' uv.lock tests docs completions benchmarks release \
		| tar -c -T - | tar -x -C dist/suite
	cd dist/suite && ../venv/bin/python -m pytest -n auto

# build a Debian package with everything inside, and compare its start-up with .venv's; tests/release
# installs it where Python is missing
deb: .venv/release
	rm -rf dist
	$(BIN)/python release/dist.py dist
	$(BIN)/python release/deb.py dist
	$(BIN)/python release/start_up.py dist

# write the files generated from the command tree: completions, reference, man page
generated completions: .venv/dev
	$(BIN)/python docs/generate.py

pictures: .venv/dev
	$(BIN)/python docs/pictures.py

clean:
	rm -rf .venv dist benchmarks/.venv
