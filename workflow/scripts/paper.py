from cisflow.base.problems import reported

with reported(snakemake.log[0]):
    import shutil
    from pathlib import Path

    from cisflow.base.documents import read_yaml
    from cisflow.base.paths import found
    from cisflow.publication.findings import read_findings
    from cisflow.publication.manifest import write_manifest
    from cisflow.publication.paper.context import paper_context
    from cisflow.publication.paper.render import render_paper

    stages = ("estimates", "diagnostics", "claims", "samples", "descriptions", "quality")
    stages += ("rates", "pooled", "pooling")
    findings = read_findings(
        snakemake.params.settings,
        snakemake.params.models,
        **{stage: snakemake.input.get(stage) for stage in stages},
    )
    context = paper_context(
        findings,
        tables=snakemake.input.tables,
        figures=snakemake.input.figures,
        figure1=read_yaml(found("paper/figure1.yaml")),
        rule=snakemake.params.rule,
    )
    render_paper(context, snakemake.output.paper, found("paper/paper.typ"))
    shutil.copyfile(snakemake.input.claims, snakemake.output.claims)
    write_manifest(Path(snakemake.output.manifest), snakemake.params.settings)
