from snakemake.utils import min_version

min_version("9.0")


# `--configfile` replaces this default; it does not merge with it.
if "countries" not in config and "pool_from" not in config:

    configfile: "config/config.yaml"


report: "workflow/report/workflow.rst"


include: "workflow/rules/common.smk"


if RUN.truth:

    include: "workflow/rules/simulate.smk"


include: "workflow/rules/ingest.smk"
include: "workflow/rules/panel.smk"
include: "workflow/rules/pool.smk"
include: "workflow/rules/estimate.smk"
include: "workflow/rules/publish.smk"


rule all:
    default_target: True
    input:
        published("manifest.json"),
        published("report.html"),
        # The manifest lists them; one that was deleted since is made again.
        *map(published, ["index.html", "paper.pdf", "supplement.pdf", "claims.csv"]),
        published("tables"),
        published("figures"),


onstart:
    begin()


onsuccess:
    tell_verdicts()


# What could be read is published all the same; the run has failed nevertheless.
onerror:
    publish_the_others()
