from cisflow.base.problems import reported

with reported(snakemake.log[0]):
    from cisflow.publication.findings import read_findings
    from cisflow.publication.tables.make import make_tables, save_table

    findings = read_findings(
        snakemake.params.settings, snakemake.params.models, **dict(snakemake.input.items())
    )
    for name, table in make_tables(findings).items():
        save_table(table, snakemake.output[0], name)
