"""Panels to estimates: one job per country and model; then a verdict on every claim."""


rule estimate:
    message:
        "Estimating {wildcards.model} for {wildcards.country}"
    input:
        panel=microdata("{country}/panel.parquet"),
    output:
        estimates=results("estimates/{country}/{model}.csv"),
        diagnostics=results("estimates/{country}/{model}.json"),
    params:
        spec=lambda w: RUN.models[w.model],
        lag=RUN.settings["lag"],
        draws=RUN.settings["bootstrap"]["draws"],
        seed=RUN.settings["seed"],
        code=digest("estimate"),
    log:
        log_of("estimate/{country}/{model}"),
    benchmark:
        timing_of("estimate/{country}/{model}")
    conda:
        ENVIRONMENT
    script:
        "../scripts/estimate.py"


rule judge:
    message:
        "Judging the claims"
    input:
        estimates=expand(
            results("estimates/{country}/{model}.csv"), country=RUN.countries, model=RUN.models
        ),
    output:
        claims=results("claims.csv"),
    params:
        claims=RUN.claims,
        code=digest("judge"),
    log:
        log_of("judge"),
    benchmark:
        timing_of("judge")
    conda:
        ENVIRONMENT
    script:
        "../scripts/judge.py"
