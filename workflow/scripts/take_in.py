from cisflow.base.problems import reported

with reported(snakemake.log[0]):
    from cisflow.estimation.pooling.received import unpack

    unpack(
        snakemake.params.export,
        dict(zip(snakemake.params.names, snakemake.output, strict=True)),
    )
