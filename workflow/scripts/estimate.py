from cisflow.errors import reported

with reported(snakemake.log[0]):
    import pandas as pd

    from cisflow.estimation import estimate

    estimates = estimate(
        pd.read_parquet(snakemake.input.panel),
        snakemake.params.spec,
        country=snakemake.wildcards.country,
        model=snakemake.wildcards.model,
        lag=snakemake.params.lag,
        bootstrap={"draws": snakemake.params.draws, "seed": snakemake.params.seed},
    )
    estimates.save(snakemake.output.estimates, snakemake.output.diagnostics)
