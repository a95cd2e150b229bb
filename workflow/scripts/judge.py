from cisflow.base.problems import reported

with reported(snakemake.log[0]):
    import pandas as pd

    from cisflow.base.records import read_record, small_tables, write_table
    from cisflow.claims.truths import TRUTHS
    from cisflow.claims.verdicts import judge, judge_pooled
    from cisflow.estimation.estimates import ESTIMATES, POOLED_ESTIMATES
    from cisflow.study.claims import Claims

    small_tables()
    claims = Claims.model_validate(snakemake.params.claims)
    verdicts = judge(
        claims,
        ESTIMATES.read(snakemake.input.estimates),
        [read_record(file) for file in snakemake.input.diagnostics],
        TRUTHS.read([truth]) if (truth := snakemake.input.get("truth")) else None,
        seed=snakemake.params.seed,
    )
    if pooled := snakemake.input.get("pooled"):
        also = judge_pooled(
            claims,
            POOLED_ESTIMATES.read([pooled]),
            read_record(snakemake.input.pooling)["terms"],
            snakemake.params.seed,
        )
        verdicts = pd.concat([verdicts, also], ignore_index=True)
    write_table(verdicts, snakemake.output.claims, snakemake.params.stamp)
