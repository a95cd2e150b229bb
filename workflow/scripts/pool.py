from cisflow.base.problems import reported

with reported(snakemake.log[0]):
    from cisflow.base.records import write_record, write_table
    from cisflow.estimation.estimates import ESTIMATES
    from cisflow.estimation.pooling.pool import pool

    pooled = pool(
        ESTIMATES.read(snakemake.input.estimates),
        snakemake.params.models,
        snakemake.params.pool,
        snakemake.params.countries,
    )
    write_table(pooled.table, snakemake.output.pooled, snakemake.params.data)
    write_record(pooled.record, snakemake.output.pooling, snakemake.params.data)
