from cisflow.base.problems import reported

with reported(snakemake.log[0]):
    from cisflow.publication.figures.draw import draw_figures, save_figure
    from cisflow.publication.findings import read_findings

    findings = read_findings(
        snakemake.params.settings, snakemake.params.models, **dict(snakemake.input.items())
    )
    for name, figure in draw_figures(findings):
        save_figure(figure, snakemake.output[0], name)
