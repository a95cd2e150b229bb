from cisflow.errors import reported

with reported(snakemake.log[0]):
    from cisflow.pooling.exports import unpack

    unpack(
        snakemake.params.export,
        dict(zip(snakemake.params.names, snakemake.output, strict=True)),
    )
