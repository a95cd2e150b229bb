"""The checked run and where its files lie; every rule takes both from here."""

import json
import os
import platform
import shlex
import subprocess
import sys
from functools import cache
from pathlib import Path

from snakemake.exceptions import WorkflowError

from cisflow.assist.progress import LogHandler
from cisflow.base.paths import files_of, found, shipped
from cisflow.base.problems import CisflowError
from cisflow.study.absence import (
    ABSENT,
    absent_countries,
    absent_now,
    forget_problems,
    with_reasons,
)
from cisflow.study.digests import (
    code_digest,
    content_digest,
    remembered_digests,
    spec_digest,
)
from cisflow.study.languages import language_files
from cisflow.study.marks import marks_of
from cisflow.study.run import load_run
from cisflow.study.sources import PAGE, PAPER, elsewhere, source_digests

# The package itself is in no environment: Snakemake hands its own search path to the scripts,
# behind that of the environment they run in.
ENVIRONMENT = str(shipped("environment.yml"))
CONFIGS = [str(file) for file in workflow.configfiles]
DIGESTS = Path(".snakemake", "digests.json")

# Snakemake writes this path into its commands as it is; a folder may have a blank in its name.
PYTHON = sys.executable
sys.executable = shlex.quote(PYTHON)

try:
    RUN = with_reasons(
        load_run(
            config,
            Path(),
            file=" + ".join(CONFIGS) or "the config",
            absent=absent_now(),
        )
    )
except CisflowError as error:
    raise WorkflowError(str(error)) from None

# What `cisflow run` shows of a run ends with the verdicts of this one.
HANDLERS = workflow.logger_manager.get_log_handlers()
for handler in HANDLERS:
    handler.run = RUN.name

# The captions of Snakemake's report know the config alone.
MARKS = marks_of(RUN.settings.data, RUN.settings.unconfirmed)
config["marks"] = [f"{mark.name}: {mark.told}" for mark in MARKS]

# What the first page of the report tells of the surveys.
config["surveys"] = RUN.settings.as_params().get("surveys", {})

# Jobs know what comes with cisflow by its content, never by where it lies: a folder that is copied
# or moved, and a package that is installed anew, make nothing run again.
LOCK = content_digest([ENVIRONMENT])

# Params are plain types; a script makes a model of its spec again.
SPECS = {name: model.as_params() for name, model in RUN.models.items()}


# What is true of the models that claims test, where the extracts are made from a truth.
TESTED = {name: spec for name, spec in SPECS.items() if RUN.claims.tests_of(name)}
TRUTH = (
    {"truth": f"results/{RUN.name}/truth.csv"}
    if RUN.truth and RUN.at_hand and TESTED
    else {}
)


# Of the countries at hand: results that come from exports are no rule's pattern.
wildcard_constraints:
    country="|".join(RUN.at_hand) or "(?!)",
    wave="|".join({w for c in RUN.at_hand for w in RUN.waves(c)}) or "(?!)",
    model="|".join(RUN.models),


def results(path):
    """Return a path of this run's results."""
    return f"results/{RUN.name}/{path}"


def microdata(path):
    """Return a path in the one folder that firm-level data never leaves."""
    return results(f"microdata/{path}")


def released(country):
    """Return the sets of firms behind what has left before, as `cisflow release` keeps them."""
    folder = Path(microdata(f"{country}/released"))
    return sorted(map(str, folder.glob("*.npz")), key=lambda file: (len(file), file))


def published(path):
    """Return a path of what this run publishes."""
    return results(f"publication/{path}")


def every(path):
    """Return a path of this run's results for every country and model."""
    return expand(results(path), country=RUN.countries, model=RUN.models)


def digest(script):
    """Return a digest of a script, the modules it uses and the versions of all packages."""
    return f"{code_digest(script, root=shipped())}, {LOCK}"


def held(file):
    """Return what files of the user hold, for the params of a job; a run may be yet to make them."""
    return list(remembered_digests(files_of(file), DIGESTS).values()) if file else []


def content(*names):
    """Return a digest of files, those of the user or else of cisflow, for the params of a job."""
    return content_digest(map(found, names))


# The words of the language that is published in; of English, which needs none, an empty list.
WORDS = content_digest(language_files(RUN.settings.language))


def codebook(country, wave):
    """Return a digest of the codebook of a wave, or of the accounts."""
    return content_digest(RUN.codebook_files(country, wave))


def log_of(path):
    """Return the log file of a job."""
    return results(f"logs/{path}.log")


def timing_of(path):
    """Return the file in which Snakemake notes a job's time and memory."""
    return results(f"benchmarks/{path}.tsv")


@cache
def catalogued():
    """Return the catalogue, which the report alone asks: it takes what no parsing should."""
    from cisflow.publication.catalogue import catalogue

    return catalogue(RUN.settings.as_params(), RUN.models)


def section_of(wildcards):
    """Return under which heading of the report a table or figure stands."""
    return catalogued()[wildcards.name].heading


def labels_of(wildcards):
    """Return what the report's lists say of a table or figure.

    They have no captions of their own: Snakemake puts a link to every file behind each of them, and
    where there are thousands a report took half an hour.
    """
    said = [*(f"{mark.name}." for mark in MARKS), catalogued()[wildcards.name].caption]
    return {"shows": " ".join(said), "file": wildcards.name}


def from_here(path):
    """Return a path from the working folder if below it: moved with it, it tells no other place."""
    return str(
        Path(path).relative_to(Path.cwd())
        if Path(path).is_relative_to(Path.cwd())
        else path
    )


# Another snakemake on the same run, at the same time: it is asked for the report of what is there.
MAKE_REPORT = shlex.join(
    [
        *[from_here(PYTHON), "-m", "snakemake", published("manifest.json")],
        *["--snakefile", from_here(workflow.main_snakefile)],
        *(["--configfile", *CONFIGS] if CONFIGS else []),
        *["--nolock", "--quiet", "all", "--report", published("report.html")],
    ]
)
MAKE_HARMLESS = shlex.join(
    [
        from_here(PYTHON),
        "-m",
        "cisflow.publication.report_page",
        published("report.html"),
    ]
)
# A shell command of a rule has its braces doubled.
REPORT = f"({MAKE_REPORT} && {MAKE_HARMLESS})".replace("{", "{{").replace("}", "}}")


def begin():
    """Note who is at work here, and forget what an earlier run could not read."""
    if ABSENT not in os.environ:
        here = {"host": platform.node(), "process": os.getpid()}
        Path(".snakemake", "run.json").write_text(json.dumps(here))
        forget_problems(RUN)


def tell_verdicts():
    """Say how a run ended that went well, unless what shows its steps does (`cisflow run`)."""
    if not any(isinstance(handler, LogHandler) for handler in HANDLERS):
        # What reads verdicts takes long to load.
        from cisflow.assist.ending import ending

        print(ending(Path("results", RUN.name)))


def publish_the_others():
    """Run on without the countries whose files have problems, if there are others."""
    absent = [] if ABSENT in os.environ else absent_countries(RUN)
    if absent:
        print(f"Going on without {', '.join(absent)}; the run fails nevertheless.")
        subprocess.run(
            [PYTHON, "-m", "snakemake", *sys.argv[1:], "--nolock"],
            env={**os.environ, ABSENT: " ".join(absent)},
        )
