from cisflow.base.problems import reported

with reported(snakemake.log[0]):
    from cisflow.base.paths import places
    from cisflow.base.records import write_firms, write_record
    from cisflow.study.codebook_files import load_codebook
    from cisflow.survey.ingest import ingest_accounts
    from cisflow.survey.semantics import print_warnings

    source = snakemake.params.source
    codebook = load_codebook(source["codebook"], places("config/codebooks")).configured(source)
    accounts, quality = ingest_accounts(
        snakemake.input.extract,
        codebook,
        country=snakemake.wildcards.country,
        name=snakemake.params.name,
        sha256=source.get("sha256"),
    )
    write_firms(accounts, snakemake.output.accounts)
    write_record(quality, snakemake.output.quality, snakemake.params.stamp)
    heading = f"{snakemake.params.name}, accounts"
    print_warnings(quality, heading)
