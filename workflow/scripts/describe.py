from cisflow.errors import reported

with reported(snakemake.log[0]):
    import pandas as pd

    from cisflow.disclosure import control_flow, describe_samples, save_descriptions
    from cisflow.panel import sample_flow

    panel = pd.read_parquet(snakemake.input.panel)
    country = snakemake.wildcards.country
    settings = {"lag": snakemake.params.lag, "minimum": snakemake.params.minimum_cell}
    flow = sample_flow(panel, snakemake.params.models, country, lag=settings["lag"])
    control_flow(flow, settings["minimum"]).to_csv(
        snakemake.output.sample, index=False, lineterminator="\n"
    )
    descriptions = describe_samples(panel, snakemake.params.models, country, **settings)
    save_descriptions(descriptions, snakemake.output.description)
