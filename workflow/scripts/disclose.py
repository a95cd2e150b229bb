from cisflow.base.problems import reported

with reported(snakemake.log[0]):
    from pathlib import Path

    from cisflow.base.records import (
        read_firms,
        read_record,
        small_tables,
        write_record,
        write_table,
    )
    from cisflow.estimation.estimates import ESTIMATES, Estimates
    from cisflow.panel.rates import read_official_rates
    from cisflow.release.disclose import disclose
    from cisflow.release.earlier import Sets
    from cisflow.study.disclosure import Profile
    from cisflow.study.models import models_of

    small_tables()
    given, out, params = snakemake.input, snakemake.output, snakemake.params

    released = disclose(
        read_firms(given.panel),
        models_of(params.models),
        {
            name: Estimates(ESTIMATES.read([table]), read_record(diagnostics))
            for name, table, diagnostics in zip(
                params.models, given.estimates, given.diagnostics, strict=True
            )
        },
        dict(zip(params.waves, map(read_record, given.quality), strict=True)),
        Profile.model_validate(params.profile),
        country=params.country,
        lag=params.lag,
        lags=params.lags,
        employees_from=params.employees_from,
        official=read_official_rates(given.official_rates) if given.official_rates else None,
        earlier={Path(file).stem: Sets.read(file) for file in given.earlier},
        counted=params.counted,
    )
    write_table(released.flow, out.sample, params.stamp)
    write_table(released.rates, out.rates, params.stamp)
    write_record(released.description, out.description, params.stamp)
    for name, table, diagnostics in zip(params.models, out.estimates, out.diagnostics, strict=True):
        write_table(released.estimates[name].table, table, params.stamp)
        write_record(released.estimates[name].diagnostics, diagnostics, params.stamp)
    for report, file in zip(released.quality.values(), out.quality, strict=True):
        write_record(report, file, params.stamp)
    released.sets.write(out.sets)
    write_record(released.register, out.register, params.stamp)
