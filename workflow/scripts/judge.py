from cisflow.errors import reported

with reported(snakemake.log[0]):
    from cisflow.claims import judge

    from cisflow.estimates import FLOAT_FORMAT, read_estimates

    verdicts = judge(snakemake.params.claims, read_estimates(snakemake.input.estimates))
    verdicts.to_csv(
        snakemake.output.claims, index=False, float_format=FLOAT_FORMAT, lineterminator="\n"
    )
