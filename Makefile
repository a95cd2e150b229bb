# make          install from the lock, run the default pipeline (another: make CONFIG=config/nigeria.yaml)
# make test     install from the lock, run every test
# make lint     ruff, snakefmt, snakemake --lint, mypy

CONFIG ?= config/config.yaml
CORES  ?= $(shell nproc 2>/dev/null || echo 2)
PYTHON ?= python3

# A virtual environment knows its own path, so the stamp carries the path and the lock:
# a changed lock or a copied folder installs anew.
STAMP := .venv/installed-$(shell (pwd; cat requirements.lock pyproject.toml) | cksum | cut -d' ' -f1)
BIN   := .venv/bin

.PHONY: all test lint clean
all: $(STAMP)
	$(BIN)/snakemake --configfile $(CONFIG) --cores $(CORES)

test: $(STAMP)
	$(BIN)/python -m pytest -n $(CORES) --dist loadgroup

lint: $(STAMP)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/snakefmt --check Snakefile workflow
	$(BIN)/snakemake --lint
	$(BIN)/mypy

$(STAMP):
	$(PYTHON) -m venv --clear .venv
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --no-index -e .
	touch $@

clean:
	rm -rf results/* .snakemake
