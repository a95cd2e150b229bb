from cisflow.base.problems import reported

with reported(snakemake.log[0]):
    from cisflow.base.paths import places
    from cisflow.simulate.extracts import simulate_extracts
    from cisflow.study.codebook_files import load_codebook

    codebooks = {
        wave: load_codebook(name, places("config/codebooks"))
        for wave, name in snakemake.params.codebooks.items()
    }
    simulate_extracts(
        snakemake.params.truth,
        {wave: book for wave, book in codebooks.items() if wave != "accounts"},
        codebooks.get("accounts"),
        seed=snakemake.params.seed,
        files=dict(snakemake.output.items()),
        country=snakemake.params.country,
    )
