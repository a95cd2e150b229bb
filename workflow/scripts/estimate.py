from cisflow.base.problems import reported

with reported(snakemake.log[0]):
    from cisflow.base.records import read_firms, small_tables, write_record, write_table
    from cisflow.estimation.run import estimate
    from cisflow.study.claims import Rule, Single
    from cisflow.study.disclosure import Profile
    from cisflow.study.models import models_of

    small_tables()
    out, params = snakemake.output, snakemake.params
    panel = read_firms(snakemake.input.panel)
    profile, rule = Profile.model_validate(params.profile), Rule.model_validate(params.rule)
    for (name, model), table, diagnostics in zip(
        models_of(params.models).items(), out.estimates, out.diagnostics, strict=True
    ):
        print(f"Estimating {name}")
        estimates = estimate(
            panel,
            model,
            country=snakemake.wildcards.country,
            model=name,
            lag=params.lag,
            bootstrap=params.bootstrap,
            profile=profile,
            tests=[Single.model_validate(test) for test in params.tests[name]],
            rule=rule,
        )
        write_table(estimates.table, table, params.stamp)
        write_record(estimates.diagnostics, diagnostics, params.stamp)
