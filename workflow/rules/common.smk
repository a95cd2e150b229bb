"""The checked run and where its files lie; every rule takes both from here."""

import shlex
import sys
from functools import partial
from pathlib import Path

from snakemake.exceptions import WorkflowError

from cisflow.study.digests import code_digest
from cisflow.study.run import load_run
from cisflow.base.problems import CisflowError

ROOT = Path(workflow.basedir)
ENVIRONMENT = str(ROOT / "environment.yml")

try:
    RUN = load_run(config, ROOT, file=" + ".join(map(str, workflow.configfiles)))
except CisflowError as error:
    raise WorkflowError(str(error)) from None

digest = partial(code_digest, root=ROOT)
# Params are plain types; a script makes a model of its spec again.
SPECS = {name: model.as_params() for name, model in RUN.models.items()}


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


def published(path):
    """Return a path of what this run publishes."""
    return results(f"publication/{path}")


def every(path):
    """Return a path of this run's results for every country and model."""
    return expand(results(path), country=RUN.countries, model=RUN.models)


def log_of(path):
    """Return the log file of a job."""
    return results(f"logs/{path}.log")


def timing_of(path):
    """Return the file in which Snakemake notes a job's time and memory."""
    return results(f"benchmarks/{path}.tsv")


# A run that was asked for less than everything (an export, say) has nothing to report.
MAKE_REPORT = shlex.join(
    [
        *[sys.executable, "-m", "snakemake", "--snakefile", str(ROOT / "Snakefile")],
        *["--configfile", *map(str, workflow.configfiles)],
        *["--nolock", "--quiet", "all", "--report", published("report.html")],
    ]
)
REPORT = f"test ! -e {shlex.quote(published('manifest.json'))} || {MAKE_REPORT}"
