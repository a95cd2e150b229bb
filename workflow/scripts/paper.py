from cisflow.base.problems import reported

with reported(snakemake.log[0]):
    import shutil

    from cisflow.base.documents import read_yaml
    from cisflow.base.paths import found
    from cisflow.base.records import small_tables
    from cisflow.publication.catalogue import catalogue
    from cisflow.publication.exhibits import write_exhibits
    from cisflow.publication.findings import STAGES, read_findings
    from cisflow.publication.paper.context import paper_context
    from cisflow.publication.paper.render import render_paper

    small_tables()
    findings = read_findings(
        snakemake.params.settings,
        snakemake.params.models,
        **{stage: snakemake.input.get(stage) for stage in STAGES},
    )
    context = paper_context(
        findings,
        tables=snakemake.input.tables,
        figures=snakemake.input.figures,
        figure1=read_yaml(found("paper/figure1.yaml")),
        rule=snakemake.params.rule,
        sources=snakemake.params.sources,
        profile=snakemake.params.profile,
    )
    for name in ("paper", "supplement"):
        render_paper(context, snakemake.output[name], found(f"paper/{name}.typ"))
    shutil.copyfile(snakemake.input.claims, snakemake.output.claims)
    items = catalogue(findings.settings, findings.models)
    write_exhibits(items.present(findings), snakemake.output.exhibits, findings.stamp)
