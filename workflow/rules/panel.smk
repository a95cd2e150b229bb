"""Waves and accounts to one panel per country, and the aggregates that describe it."""


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
        deflator=lambda w: RUN.deflator(w.country).get("file", []),
    output:
        panel=microdata("{country}/panel.parquet"),
    log:
        log_of("panel/{country}"),
    benchmark:
        timing_of("panel/{country}")
    conda:
        ENVIRONMENT
    params:
        lag=RUN.settings["lag"],
        lags=RUN.settings.get("lags", [RUN.settings["lag"]]),
        average=RUN.settings["lag_average"],
        winsorise=RUN.settings["accounts_outcomes"].get("winsorise"),
        base_year=lambda w: RUN.deflator(w.country).get("base_year"),
        weigh_attrition=any(
            "accounts_weight" in weightings(spec) for spec in RUN.models.values()
        ),
        industries=content("config/nace.yaml"),
        code=digest("panel"),
    message:
        "Linking waves and accounts of {wildcards.country}"
    script:
        "../scripts/panel.py"


rule describe:
    input:
        panel=microdata("{country}/panel.parquet"),
        official_rates=lambda w: RUN.countries[w.country].get("official_rates", []),
    output:
        rates=results("rates/{country}.csv"),
        sample=results("sample/{country}.csv"),
        description=results("description/{country}.json"),
    log:
        log_of("describe/{country}"),
    benchmark:
        timing_of("describe/{country}")
    conda:
        ENVIRONMENT
    params:
        models=RUN.models,
        minimum_cell=RUN.settings["minimum_cell"],
        lag=RUN.settings["lag"],
        lags=RUN.settings.get("lags", []),
        data=RUN.settings["data"],
        code=digest("describe"),
    message:
        "Counting and describing the samples of {wildcards.country}"
    script:
        "../scripts/describe.py"
