from cisflow.base.problems import reported

with reported(snakemake.log[0]):
    from cisflow.base.paths import found
    from cisflow.base.records import small_tables
    from cisflow.publication.findings import STAGES, read_findings
    from cisflow.publication.site.facts import page_facts
    from cisflow.publication.site.page import write_page
    from cisflow.study.claims import Claims

    small_tables()
    findings = read_findings(
        {**snakemake.params.settings, "language": "en"},  # its own words are English
        snakemake.params.models,
        **{stage: snakemake.input.get(stage) for stage in STAGES},
    )
    facts = page_facts(
        findings,
        Claims.model_validate(snakemake.params.claims),
        tables=snakemake.input.tables,
        sources=snakemake.params.sources,
        profile=snakemake.params.profile,
    )
    write_page(facts, found("paper/page"), snakemake.output.page)
