from cisflow.base.problems import reported

with reported(snakemake.log[0]):
    from cisflow.base.records import read_firms, write_record, write_table
    from cisflow.panel.attrition import describe_attrition
    from cisflow.panel.description import describe_samples
    from cisflow.panel.flow import control_flow
    from cisflow.panel.rates import compared, cooperation_rates, read_official_rates
    from cisflow.panel.sample import sample_flow
    from cisflow.study.models import models_of

    panel = read_firms(snakemake.input.panel)
    country = snakemake.wildcards.country
    models = models_of(snakemake.params.models)
    settings = {"lag": snakemake.params.lag, "minimum": snakemake.params.minimum_cell}
    flow = sample_flow(panel, models, country, lag=settings["lag"])
    data = snakemake.params.data
    write_table(control_flow(flow, settings["minimum"]), snakemake.output.sample, data)
    descriptions = describe_samples(panel, models, country, **settings)
    lags = snakemake.params.lags
    descriptions["attrition"] = describe_attrition(panel, settings["minimum"], lags)
    write_record(descriptions, snakemake.output.description, data)
    rates = cooperation_rates(panel, country, settings["minimum"])
    if snakemake.input.official_rates:
        rates = compared(rates, read_official_rates(snakemake.input.official_rates))
    write_table(rates, snakemake.output.rates, data)
