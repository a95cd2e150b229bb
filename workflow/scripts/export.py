from cisflow.errors import reported

with reported(snakemake.log[0]):
    from cisflow.exports import write_export
    from cisflow.validation import read_yaml

    write_export(
        snakemake.output.export,
        {file.removeprefix(snakemake.params.below): file for file in snakemake.input.aggregates},
        snakemake.params.settings,
        snakemake.params.models,
        read_yaml(snakemake.input.industries),
    )
