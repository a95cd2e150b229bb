from cisflow.base.problems import reported

with reported(snakemake.log[0]):
    from cisflow.base.records import small_tables
    from cisflow.publication.catalogue import FIGURE, catalogue
    from cisflow.publication.figures.canvas import save_figure
    from cisflow.publication.findings import read_findings
    from cisflow.publication.manifest import write_digests

    small_tables()
    findings = read_findings(
        snakemake.params.settings, snakemake.params.models, **dict(snakemake.input.items())
    )
    items = catalogue(findings.settings, findings.models)
    for item in items.present(findings):
        if item.kind == FIGURE:
            figure = item.made(findings)
            save_figure(figure, snakemake.output.figures, item.name, caption=item.caption)
    write_digests(snakemake.output.figures, snakemake.output.digests)
