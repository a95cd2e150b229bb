from cisflow.base.problems import reported

with reported(snakemake.log[0]):
    import shutil
    from pathlib import Path

    from cisflow.base.records import small_tables
    from cisflow.publication.language import speak
    from cisflow.publication.manifest import write_digests
    from cisflow.publication.tables.save import KEPT, LATER, READ_AT_ONCE, read_table, save_table

    small_tables()
    speak(snakemake.params.language)
    made, out = Path(snakemake.input.tables), Path(snakemake.output.tables)
    for file in sorted(made.glob(f"*.{KEPT}")):
        save_table(read_table(file), out, file.stem, LATER)
        for ending in READ_AT_ONCE:
            shutil.copyfile(file.with_suffix(f".{ending}"), out / f"{file.stem}.{ending}")
    write_digests(out, snakemake.output.digests)
