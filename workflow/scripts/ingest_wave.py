from cisflow.base.problems import reported

with reported(snakemake.log[0]):
    from cisflow.base.paths import places
    from cisflow.base.records import write_firms, write_record
    from cisflow.study.codebook_files import load_codebook
    from cisflow.survey.contradictions import refuse_contradictions
    from cisflow.survey.ingest import ingest_wave
    from cisflow.survey.semantics import print_warnings

    source = snakemake.params.source
    codebook = load_codebook(source["codebook"], places("config/codebooks")).configured(source)
    firms, quality = ingest_wave(
        snakemake.input.extract,
        codebook,
        country=snakemake.wildcards.country,
        wave=snakemake.wildcards.wave,
        name=snakemake.params.name,
        sha256=source.get("sha256"),
    )
    heading = f"{snakemake.params.name}, wave {snakemake.wildcards.wave}"
    refuse_contradictions(quality, heading)
    write_firms(firms, snakemake.output.firms)
    write_record(quality, snakemake.output.quality, snakemake.params.stamp)
    print_warnings(quality, heading)
