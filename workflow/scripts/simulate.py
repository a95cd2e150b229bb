from cisflow.errors import reported

with reported(snakemake.log[0]):
    from cisflow.codebook import load_codebook
    from cisflow.simulate import simulate_extracts

    codebooks = {
        wave: load_codebook(name, snakemake.params.folders)
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
