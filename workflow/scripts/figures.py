from cisflow.errors import reported

with reported(snakemake.log[0]):
    from cisflow.figures import make_figures, save_figure
    from cisflow.publication import read_findings

    findings = read_findings(
        snakemake.params.settings, snakemake.params.models, **dict(snakemake.input.items())
    )
    for name, figure in make_figures(findings).items():
        save_figure(figure, snakemake.output[0], name)
