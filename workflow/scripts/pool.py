from cisflow.base.problems import reported

with reported(snakemake.log[0]):
    from cisflow.base.records import read_record, small_tables, write_record, write_table
    from cisflow.estimation.estimates import ESTIMATES
    from cisflow.estimation.pooling.pool import pool
    from cisflow.study.claims import Single
    from cisflow.study.models import models_of
    from cisflow.study.settings import Pool

    small_tables()
    pooled = pool(
        ESTIMATES.read(snakemake.input.estimates),
        models_of(snakemake.params.models),
        Pool.model_validate(snakemake.params.pool),
        snakemake.params.attributes,
        [Single.model_validate(test) for test in snakemake.params.tests],
        [read_record(file) for file in snakemake.input.diagnostics],
        snakemake.params.least_f,
    )
    write_table(pooled.table, snakemake.output.pooled, snakemake.params.stamp)
    write_record(pooled.record, snakemake.output.pooling, snakemake.params.stamp)
