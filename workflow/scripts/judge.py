from cisflow.errors import reported

with reported(snakemake.log[0]):
    import json
    from pathlib import Path

    from cisflow.claims import judge
    from cisflow.estimates import read_estimates
    from cisflow.records import write_table

    verdicts = judge(
        snakemake.params.claims,
        read_estimates(snakemake.input.estimates),
        [json.loads(Path(file).read_text()) for file in snakemake.input.diagnostics],
    )
    write_table(verdicts, snakemake.output.claims, snakemake.params.data)
