from cisflow.base.problems import reported

with reported(snakemake.log[0]):
    from cisflow.base.records import read_firms, write_record, write_table
    from cisflow.estimation.run import estimate
    from cisflow.study.claims import Rule, Single
    from cisflow.study.disclosure import Profile
    from cisflow.study.models import Model

    estimates = estimate(
        read_firms(snakemake.input.panel),
        Model.model_validate(snakemake.params.spec),
        country=snakemake.wildcards.country,
        model=snakemake.wildcards.model,
        lag=snakemake.params.lag,
        bootstrap=snakemake.params.bootstrap,
        profile=Profile.model_validate(snakemake.params.profile),
        tests=[Single.model_validate(test) for test in snakemake.params.tests],
        rule=Rule.model_validate(snakemake.params.rule),
    )
    write_table(estimates.table, snakemake.output.estimates, snakemake.params.stamp)
    write_record(estimates.diagnostics, snakemake.output.diagnostics, snakemake.params.stamp)
