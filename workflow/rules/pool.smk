"""Estimates of several countries to pooled ones; aggregates out of a centre, and into a run."""

POOL = (
    dict(
        pooled=results("estimates/pooled.csv"),
        pooling=results("estimates/pooled.json"),
    )
    if RUN.pooled
    else {}
)

for number, sent in enumerate(RUN.exports):

    rule:
        name:
            f"take_in_{number}"
        input:
            export=sent.files,
        output:
            [
                results(name)
                for country in sent.countries
                for name in sent.names(country, list(RUN.models))
            ],
        log:
            log_of(f"take_in/{number}"),
        benchmark:
            timing_of(f"take_in/{number}")
        # No profile can name a rule that bears a number, so these stand here.
        group:
            "publication"
        conda:
            ENVIRONMENT
        resources:
            mem_mb=1000,
            runtime=5,
        params:
            export=sent.path,
            content=held(sent.files),
            names=[
                name
                for country in sent.countries
                for name in sent.names(country, list(RUN.models))
            ],
            code=digest("take_in"),
        message:
            f"Taking in the estimates of {', '.join(sent.countries)} from {sent.path}"
        script:
            "../scripts/take_in.py"


rule export:
    input:
        aggregates=[
            *every("estimates/{country}/{model}.csv"),
            *every("estimates/{country}/{model}.json"),
            *expand(results("sample/{country}.csv"), country=RUN.countries),
            *expand(results("description/{country}.json"), country=RUN.countries),
        ],
        quality=[
            results(f"quality/{c}/{w}.json") for c in RUN.at_hand for w in RUN.waves(c)
        ],
    output:
        export=results("export.zip"),
    log:
        log_of("export"),
    benchmark:
        timing_of("export")
    conda:
        ENVIRONMENT
    params:
        settings=RUN.settings.as_params(),
        models=RUN.digests,
        run=RUN.name,
        industries=content("config/nace.yaml"),
        code=digest("export"),
    message:
        "Packing the estimates that may leave the centre"
    script:
        "../scripts/export.py"


if POOL:

    rule pool:
        input:
            estimates=every("estimates/{country}/{model}.csv"),
            diagnostics=every("estimates/{country}/{model}.json"),
        output:
            **POOL,
        log:
            log_of("pool"),
        benchmark:
            timing_of("pool")
        conda:
            ENVIRONMENT
        params:
            models=SPECS,
            pool=RUN.settings.pool.as_params(),
            attributes=RUN.attributes,
            tests=[t.as_params() for m in SPECS for t in RUN.claims.tests_of(m)],
            least_f=RUN.claims.rule.first_stage_f,
            stamp=RUN.stamp,
            code=digest("pool"),
        message:
            "Pooling the estimates of {RUN.name} over countries"
        script:
            "../scripts/pool.py"
