from cisflow.base.problems import reported

with reported(snakemake.log[0]):
    from cisflow.base.records import small_tables
    from cisflow.publication.catalogue import TABLE, catalogue
    from cisflow.publication.findings import read_findings
    from cisflow.publication.manifest import write_digests
    from cisflow.publication.tables.save import KEPT, READ_AT_ONCE, save_table

    small_tables()
    findings = read_findings(
        snakemake.params.settings, snakemake.params.models, **dict(snakemake.input.items())
    )
    for item in catalogue(findings.settings, findings.models).of(TABLE):
        made, formats = item.made(findings), (KEPT, *READ_AT_ONCE)
        save_table(made, snakemake.output.tables, item.name, formats)
    write_digests(snakemake.output.tables, snakemake.output.digests)
