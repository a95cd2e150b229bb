from cisflow.errors import reported

with reported(snakemake.log[0]):
    import json
    from pathlib import Path

    from cisflow.claims import judge
    from cisflow.estimates import FLOAT_FORMAT, read_estimates

    verdicts = judge(
        snakemake.params.claims,
        read_estimates(snakemake.input.estimates),
        [json.loads(Path(file).read_text()) for file in snakemake.input.diagnostics],
    )
    verdicts.to_csv(
        snakemake.output.claims, index=False, float_format=FLOAT_FORMAT, lineterminator="\n"
    )
