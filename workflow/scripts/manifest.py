from cisflow.base.problems import reported

with reported(snakemake.log[0]):
    from pathlib import Path

    from cisflow.publication.crate import write_crate
    from cisflow.publication.language import spoken_settings
    from cisflow.publication.manifest import write_manifest

    out, sources = snakemake.output, snakemake.params.sources
    settings = spoken_settings(snakemake.params.settings)
    write_crate(Path(out.crate), settings, sources)
    results, elsewhere = snakemake.input.results, snakemake.params.elsewhere
    write_manifest(Path(out.manifest), settings, sources, results, elsewhere)
