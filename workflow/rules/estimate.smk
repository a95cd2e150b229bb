"""Panels to estimates: one job per country and model; then a verdict on every claim."""


rule estimate:
    input:
        panel=microdata("{country}/panel.parquet"),
        printed=lambda w: getattr(RUN.models[w.model].printed, "file", []),
    output:
        estimates=results("estimates/{country}/{model}.csv"),
        diagnostics=results("estimates/{country}/{model}.json"),
    log:
        log_of("estimate/{country}/{model}"),
    benchmark:
        timing_of("estimate/{country}/{model}")
    conda:
        ENVIRONMENT
    params:
        spec=lambda w: SPECS[w.model],
        printed=lambda w: held(getattr(RUN.models[w.model].printed, "file", None)),
        lag=RUN.settings.lag,
        minimum_cell=RUN.settings.minimum_cell,
        bootstrap={**RUN.settings.bootstrap.as_params(), "seed": RUN.settings.seed},
        data=RUN.settings.data,
        code=digest("estimate"),
    message:
        "Estimating {wildcards.model} for {wildcards.country}"
    script:
        "../scripts/estimate.py"


rule judge:
    input:
        **POOL,
        estimates=every("estimates/{country}/{model}.csv"),
        diagnostics=every("estimates/{country}/{model}.json"),
    output:
        claims=results("claims.csv"),
    log:
        log_of("judge"),
    benchmark:
        timing_of("judge")
    conda:
        ENVIRONMENT
    params:
        claims=RUN.claims.as_params(),
        data=RUN.settings.data,
        code=digest("judge"),
    message:
        "Judging the claims"
    script:
        "../scripts/judge.py"
