"""Waves and accounts to one panel per country."""


rule panel:
    input:
        waves=lambda w: expand(
            microdata("{country}/{wave}.parquet"),
            country=w.country,
            wave=RUN.waves(w.country),
        ),
        accounts=lambda w: (
            [microdata(f"{w.country}/accounts.parquet")]
            if RUN.has_accounts(w.country)
            else []
        ),
        deflator=lambda w: getattr(RUN.deflator(w.country), "file", []),
    output:
        panel=microdata("{country}/panel.parquet"),
    log:
        log_of("panel/{country}"),
    benchmark:
        timing_of("panel/{country}")
    conda:
        ENVIRONMENT
    params:
        lag=RUN.settings.lag,
        lags=list(RUN.settings.lags or [RUN.settings.lag]),
        average=RUN.settings.lag_average,
        winsorise=RUN.settings.accounts_outcomes.winsorise,
        base_year=lambda w: getattr(RUN.deflator(w.country), "base_year", None),
        prices=lambda w: held(getattr(RUN.deflator(w.country), "file", None)),
        weigh_attrition=any(
            "accounts_weight" in model.weightings for model in RUN.models.values()
        ),
        industries=content("config/nace.yaml"),
        constructs=RUN.constructs,
        code=digest("panel"),
    message:
        "Linking waves and accounts of {wildcards.country}"
    script:
        "../scripts/panel.py"
