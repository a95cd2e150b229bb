from cisflow.errors import reported

with reported(snakemake.log[0]):
    import json
    from pathlib import Path

    import pandas as pd

    from cisflow.claims import judge, judge_pooled
    from cisflow.estimates import read_estimates, read_pooled
    from cisflow.records import write_table

    verdicts = judge(
        snakemake.params.claims,
        read_estimates(snakemake.input.estimates),
        [json.loads(Path(file).read_text()) for file in snakemake.input.diagnostics],
    )
    if pooled := snakemake.input.get("pooled"):
        also = judge_pooled(snakemake.params.claims, read_pooled(pooled))
        verdicts = pd.concat([verdicts, also], ignore_index=True)
    write_table(verdicts, snakemake.output.claims, snakemake.params.data)
