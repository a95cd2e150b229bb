from cisflow.base.problems import reported

with reported(snakemake.log[0]):
    from pathlib import Path

    from cisflow.base.documents import read_yaml
    from cisflow.base.paths import found
    from cisflow.base.records import read_record
    from cisflow.estimation.pooling.exports import write_export
    from cisflow.study.settings import Settings

    folder = Path("results", snakemake.params.run)
    write_export(
        snakemake.output.export,
        {Path(file).relative_to(folder).as_posix(): file for file in snakemake.input.aggregates},
        Settings.model_validate(snakemake.params.settings),
        snakemake.params.models,
        read_yaml(found("config/nace.yaml")),
        [read_record(file) for file in snakemake.input.quality],
    )
