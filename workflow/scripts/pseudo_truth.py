from cisflow.base.problems import reported

with reported(snakemake.log[0]):
    import pandas as pd

    from cisflow.base.documents import read_yaml
    from cisflow.base.paths import found, places
    from cisflow.base.records import write_table
    from cisflow.claims.pseudo_truth import find_truth
    from cisflow.study.claims import Claims
    from cisflow.study.codebook_files import load_codebook
    from cisflow.study.models import models_of

    params = snakemake.params
    truths = [
        find_truth(
            about["truth"],
            {
                wave: load_codebook(name, places("config/codebooks"))
                for wave, name in params.codebooks[country].items()
            },
            models_of(params.models),
            Claims.model_validate({"claims": params.claims}),
            country=country,
            with_accounts=about["accounts"],
            seed=params.seed,
            industries=read_yaml(found("config/nace.yaml")),
            **params.panel,
        )
        for country, about in params.countries.items()
    ]
    write_table(pd.concat(truths, ignore_index=True), snakemake.output.truth, params.stamp)
