from cisflow.base.problems import reported

with reported(snakemake.log[0]):
    from cisflow.base.documents import read_yaml
    from cisflow.base.paths import found
    from cisflow.base.records import read_firms, write_firms
    from cisflow.panel.build import build_panel
    from cisflow.survey.accounts.deflator import read_deflator

    prices, base_year = snakemake.input.deflator, snakemake.params.base_year
    panel = build_panel(
        [read_firms(wave) for wave in snakemake.input.waves],
        read_firms(snakemake.input.accounts) if snakemake.input.accounts else None,
        lag=snakemake.params.lag,
        lags=snakemake.params.lags,
        industries=read_yaml(found("config/nace.yaml")),
        average=snakemake.params.average,
        winsorise=snakemake.params.winsorise,
        deflator=read_deflator(prices, base_year) if prices else None,
        weigh_attrition=snakemake.params.weigh_attrition,
        constructs=snakemake.params.constructs,
    )
    write_firms(panel, snakemake.output.panel)
