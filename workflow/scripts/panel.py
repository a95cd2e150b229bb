from cisflow.errors import reported

with reported(snakemake.log[0]):
    import pandas as pd
    from cisflow.panel import build_panel

    from cisflow.validation import read_yaml

    panel = build_panel(
        [pd.read_parquet(wave) for wave in snakemake.input.waves],
        pd.read_parquet(snakemake.input.accounts) if snakemake.input.accounts else None,
        lag=snakemake.params.lag,
        industries=read_yaml(snakemake.input.industries),
    )
    panel.to_parquet(snakemake.output.panel)
