"""Estimates to tables, figures and paper: nothing here estimates."""

FINDINGS = dict(
    estimates=every("estimates/{country}/{model}.csv"),
    diagnostics=every("estimates/{country}/{model}.json"),
    claims=results("claims.csv"),
    samples=expand(results("sample/{country}.csv"), country=RUN.countries),
    descriptions=expand(results("description/{country}.json"), country=RUN.countries),
    rates=expand(results("rates/{country}.csv"), country=RUN.at_hand),
    quality=[
        results(f"quality/{c}/{w}.json") for c in RUN.at_hand for w in RUN.files(c)
    ],
    **POOL,
)


# What paper and page read of the tables is there first; Word, LaTeX and HTML take as long as both.
rule tables:
    input:
        **FINDINGS,
    output:
        digests=results("tables.sha256"),
        tables=directory(results("tables")),
    log:
        log_of("tables"),
    benchmark:
        timing_of("tables")
    conda:
        ENVIRONMENT
    params:
        settings=RUN.settings.as_params(),
        models=SPECS,
        words=WORDS,
        code=digest("tables"),
    message:
        "Making the tables"
    script:
        "../scripts/tables.py"


rule formats:
    input:
        digests=results("tables.sha256"),
        tables=ancient(results("tables")),
    output:
        digests=results("formats.sha256"),
        tables=report(
            directory(published("tables")),
            patterns=["{name}.html"],
            category="Tables",
            subcategory=section_of,
            labels=labels_of,
        ),
    log:
        log_of("formats"),
    benchmark:
        timing_of("formats")
    # It is the longest of those that wait for the tables.
    priority: 1
    conda:
        ENVIRONMENT
    params:
        language=RUN.settings.language,
        code=digest("formats"),
    message:
        "Setting the tables for Word, LaTeX and browsers"
    script:
        "../scripts/formats.py"


rule figures:
    input:
        **FINDINGS,
    output:
        digests=results("figures.sha256"),
        figures=report(
            directory(published("figures")),
            patterns=["{name}.svg"],
            category="Figures",
            subcategory=section_of,
            labels=labels_of,
        ),
    log:
        log_of("figures"),
    benchmark:
        timing_of("figures")
    conda:
        ENVIRONMENT
    params:
        settings=RUN.settings.as_params(),
        models=SPECS,
        words=WORDS,
        code=digest("figures"),
    message:
        "Drawing the figures"
    script:
        "../scripts/figures.py"


rule page:
    input:
        **FINDINGS,
        digests=results("tables.sha256"),
        tables=ancient(results("tables")),
    output:
        page=published("index.html"),
    log:
        log_of("page"),
    benchmark:
        timing_of("page")
    conda:
        ENVIRONMENT
    params:
        settings=RUN.settings.as_params(),
        models=SPECS,
        claims=RUN.claims.as_params(),
        profile=RUN.profile.as_params(),
        template=content(*PAGE),
        rests_on=lambda w: spec_digest(source_digests(RUN, CONFIGS, DIGESTS)),
        sources=lambda w, input: source_digests(RUN, CONFIGS, DIGESTS),
        code=[digest(script) for script in ("tables", "page")],
    message:
        "Writing the page"
    script:
        "../scripts/page.py"


rule paper:
    input:
        **FINDINGS,
        # Copying a folder changes its time and nothing else: what it holds is told by digests.
        digests=[results("tables.sha256"), results("figures.sha256")],
        tables=ancient(results("tables")),
        figures=ancient(published("figures")),
    output:
        paper=report(
            published("paper.pdf"), caption="../report/paper.rst", category="Paper"
        ),
        supplement=report(
            published("supplement.pdf"),
            caption="../report/paper.rst",
            category="Paper",
        ),
        claims=report(
            published("claims.csv"), caption="../report/claims.rst", category="Claims"
        ),
        exhibits=published("exhibits.csv"),
    log:
        log_of("paper"),
    benchmark:
        timing_of("paper")
    conda:
        ENVIRONMENT
    params:
        settings=RUN.settings.as_params(),
        models=SPECS,
        words=WORDS,
        rule=RUN.claims.rule.as_params(),
        profile=RUN.profile.as_params(),
        templates=content(*PAPER),
        # Whether these changed is told by one digest of them all, and not by listing them twice.
        rests_on=lambda w: spec_digest(source_digests(RUN, CONFIGS, DIGESTS)),
        sources=lambda w, input: source_digests(RUN, CONFIGS, DIGESTS),
        code=[digest(script) for script in ("tables", "figures", "paper")],
    message:
        "Writing the paper"
    script:
        "../scripts/paper.py"


rule manifest:
    input:
        results=[
            *FINDINGS.values(),
            # Not published, but what the sheet for the output checker says.
            *expand(results("register/{country}.json"), country=RUN.at_hand),
        ],
        # Of folders, as above, their digests.
        digests=[results("formats.sha256"), results("figures.sha256")],
        page=published("index.html"),
        papers=[published("paper.pdf"), published("supplement.pdf")],
        exhibits=published("exhibits.csv"),
    output:
        crate=published("ro-crate-metadata.json"),
        manifest=published("manifest.json"),
    log:
        log_of("manifest"),
    benchmark:
        timing_of("manifest")
    conda:
        ENVIRONMENT
    params:
        settings=RUN.settings.as_params(),
        # Whether these changed is told by one digest of them all, and not by listing them twice.
        rests_on=lambda w: spec_digest(source_digests(RUN, CONFIGS, DIGESTS)),
        sources=lambda w, input: source_digests(RUN, CONFIGS, DIGESTS),
        elsewhere=elsewhere(RUN, CONFIGS),
        code=digest("manifest"),
    message:
        "Listing what is published"
    script:
        "../scripts/manifest.py"


localrules:
    report_of_run,


rule report_of_run:
    input:
        manifest=published("manifest.json"),
    output:
        report=published("report.html"),
    log:
        log_of("report"),
    conda:
        ENVIRONMENT
    message:
        "Making the report"
    shell:
        f"{REPORT} > {{log:q}} 2>&1"
