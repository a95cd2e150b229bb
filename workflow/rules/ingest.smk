"""Raw extracts to canonical firm records and accounts, with a quality report for each."""


rule ingest_wave:
    input:
        extract=lambda w: RUN.source(w.country, w.wave).file,
    output:
        firms=microdata("{country}/{wave}.parquet"),
        quality=microdata("{country}/quality/{wave}.json"),
    log:
        log_of("ingest/{country}/{wave}"),
    benchmark:
        timing_of("ingest/{country}/{wave}")
    conda:
        ENVIRONMENT
    params:
        source=lambda w: RUN.source(w.country, w.wave).as_params(),
        name=lambda w: RUN.countries[w.country].name,
        codebook=lambda w: codebook(w.country, w.wave),
        extract=lambda w: held(RUN.source(w.country, w.wave).file),
        stamp=RUN.stamp,
        code=digest("ingest_wave"),
    message:
        "Reading {wildcards.country}, wave {wildcards.wave}"
    script:
        "../scripts/ingest_wave.py"


rule ingest_accounts:
    input:
        extract=lambda w: RUN.source(w.country, "accounts").file,
    output:
        accounts=microdata("{country}/accounts.parquet"),
        quality=microdata("{country}/quality/accounts.json"),
    log:
        log_of("ingest/{country}/accounts"),
    benchmark:
        timing_of("ingest/{country}/accounts")
    conda:
        ENVIRONMENT
    params:
        source=lambda w: RUN.source(w.country, "accounts").as_params(),
        name=lambda w: RUN.countries[w.country].name,
        codebook=lambda w: codebook(w.country, "accounts"),
        extract=lambda w: held(RUN.source(w.country, "accounts").file),
        stamp=RUN.stamp,
        code=digest("ingest_accounts"),
    message:
        "Reading the company accounts of {wildcards.country}"
    script:
        "../scripts/ingest_accounts.py"
