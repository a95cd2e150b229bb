# make          install from the lock, run the default pipeline (another: make CONFIG=config/nigeria.yaml)
# make test     install from the lock, run every test
# make lint     ruff, snakefmt, snakemake --lint, mypy, and lint-imports: the arrows between the rooms
# make docs     build/site: the documentation, for a browser; needs no network once it is installed
# make picture  docs/claims.png, which README shows, from a run
# make lock     requirements*.lock and environment.yml from pyproject.toml, by uv; versions stay as they are
# make baselines  tests/baselines: numbers of four runs, a figure of each kind (RUNS="flanders": fewer)
# make check-baselines  hold the four runs against tests/baselines (RUNS="waves": fewer)
# make bundle   dist/cisflow-….tar.gz, which `make` installs and runs where there is no network

CONFIG ?= config/config.yaml
CORES  ?= $(shell nproc 2>/dev/null || echo 2)
PYTHON ?= python3

# Where LC_ALL is C, Python reads the path of the clone as ASCII and cannot start if it is none.
ifneq ($(filter C POSIX,$(LC_ALL)),)
export LC_ALL := C.UTF-8
endif

# Where Slurm is, so is what submits jobs to it; elsewhere every start of Snakemake would pay for it.
LOCKS := requirements.lock $(if $(shell command -v sbatch 2>/dev/null),requirements-slurm.lock)

# A virtual environment knows its own path, so the stamp carries the path and the locks:
# a changed lock or a copied folder installs anew.
STAMP := .venv/installed-$(shell (pwd; cat $(LOCKS) pyproject.toml) | cksum | cut -d' ' -f1)
BIN   := .venv/bin

# A bundle carries the lock's packages in wheels/, with their checksums.
WHEELS := $(wildcard wheels/SHA256SUMS)

.PHONY: all test lint docs picture lock baselines check-baselines bundle clean
all: $(STAMP)
	$(BIN)/python -m cisflow run "$(CONFIG)" --cores $(CORES)

# A file's tests stay in one process, so that what they share is made once.
test: $(STAMP)
	$(BIN)/python -m pytest -n $(CORES) --dist loadfile --no-loadscope-reorder

lint: $(STAMP)
	$(BIN)/python -m ruff check
	$(BIN)/python -m ruff format --check
	$(BIN)/python -m snakefmt --check Snakefile workflow
	$(BIN)/python -m snakemake --lint
	$(BIN)/python -m mypy
	$(BIN)/python -c 'from importlinter.cli import lint_imports_command; lint_imports_command()'

# A page shows what a run publishes; the default run is made for it where there is none.
GALLERY ?= results/flanders
docs: $(STAMP) $(GALLERY)/publication/manifest.json
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements-docs.lock
	$(BIN)/python -m sphinx --quiet --fail-on-warning --keep-going -E -c docs/site -d build/doctrees \
	    -D gallery_run=$(GALLERY) . build/site
	@echo "open build/site/index.html"

$(GALLERY)/publication/manifest.json: | $(STAMP)
	$(BIN)/python -m cisflow run --cores $(CORES)

picture: all
	$(BIN)/python docs/site/picture.py "$(CONFIG)"

SLURM := snakemake-executor-plugin-slurm
LOCK := uv pip compile pyproject.toml --quiet --no-header --python-version 3.11
lock:
	$(LOCK) --extra test --universal --generate-hashes --output-file requirements.lock
	printf '$(SLURM)%s\n' '' -jobstep | $(LOCK:pyproject.toml=-) \
	    --no-deps --generate-hashes --output-file requirements-slurm.lock
	$(PYTHON) -c 'import tomllib; project = tomllib.load(open("pyproject.toml", "rb"))["project"]; \
	    print(*project["optional-dependencies"]["docs"], sep="\n")' | $(LOCK:pyproject.toml=-) \
	    --universal --constraint requirements.lock --generate-hashes --output-file requirements-docs.lock
	sed '/^  - pip:$$/q' environment.yml > environment.new
	$(LOCK) --no-annotate --constraint requirements.lock | sed 's/^/      - /' >> environment.new
	mv environment.new environment.yml

$(STAMP):
	@if [ -L .venv ]; then \
	    echo "make: .venv is a link; what it leads to belongs to another clone and is left as it is." >&2; \
	    echo "  → remove the link, and make installs here; or run: .venv/bin/cisflow run" >&2; exit 2; fi
	$(PYTHON) -m venv --clear .venv
ifdef WHEELS
	cd wheels && sha256sum --check --quiet SHA256SUMS
	$(BIN)/python -m pip install --quiet --no-index --no-deps wheels/*.whl
else
	$(BIN)/python -m pip install --quiet --require-hashes $(LOCKS:%=-r %)
endif
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --no-index -e .
	touch $@

RUNS ?= flanders nigeria waves europe
FIGURES := tests/baselines/figures
baselines: $(STAMP)
	$(BIN)/python benchmarks/baselines.py save $(RUNS)
	$(BIN)/python -m pytest -q -k looks --mpl-generate-path=$(FIGURES) tests/unit/publication/figures

check-baselines: $(STAMP)
	$(BIN)/python benchmarks/baselines.py check $(RUNS)

# Installs on machines like this one: same operating system, processor and Python.
BUNDLE = cisflow-$(shell git describe --always)-$(shell uname -sm | tr 'A-Z ' 'a-z-')
bundle: $(STAMP) docs
	rm -rf dist/$(BUNDLE) && mkdir -p dist/$(BUNDLE)/wheels
	git archive HEAD | tar -x -C dist/$(BUNDLE)
	$(BIN)/python -m pip wheel --quiet --require-hashes $(LOCKS:%=-r %) -w dist/$(BUNDLE)/wheels
	cd dist/$(BUNDLE)/wheels && sha256sum *.whl > SHA256SUMS
	cp -r build/site dist/$(BUNDLE)/site
	tar -czf dist/$(BUNDLE).tar.gz -C dist $(BUNDLE)
	rm -r dist/$(BUNDLE)
	@echo "dist/$(BUNDLE).tar.gz: unpack it there and run make"

clean:
	rm -rf results/* .snakemake
