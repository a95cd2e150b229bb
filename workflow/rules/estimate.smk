"""Panels to estimates: a country's models, a few per job; then a verdict on every claim."""

# Starting a job takes as long as estimating several models, so a job estimates a few, in the order of
# the config: adding one at the end makes none of the others again.
FEW = 8
BATCHES = [list(SPECS)[i : i + FEW] for i in range(0, len(SPECS), FEW)]

for number, batch in enumerate(BATCHES, start=1):

    rule:
        name:
            f"estimate_{number}"
        input:
            panel=microdata("{country}/panel.parquet"),
            printed=[
                file
                for model in batch
                if (file := getattr(RUN.models[model].printed, "file", None))
            ],
        output:
            estimates=expand(
                microdata("{{country}}/estimates/{model}.csv"), model=batch
            ),
            diagnostics=expand(
                microdata("{{country}}/estimates/{model}.json"), model=batch
            ),
        log:
            log_of(f"estimate/{{country}}/{number}"),
        benchmark:
            timing_of(f"estimate/{{country}}/{number}")
        # A config begins with the models of most columns, and what takes longest is to start first.
        priority: len(BATCHES) - number
        # No profile can name a rule whose number hangs on the config, so these stand here.
        group:
            "models"
        conda:
            ENVIRONMENT
        resources:
            mem_mb=1000,
            runtime=10,
        params:
            models={model: SPECS[model] for model in batch},
            printed=[
                held(getattr(RUN.models[model].printed, "file", None))
                for model in batch
            ],
            lag=RUN.settings.lag,
            profile=RUN.profile.as_params(),
            bootstrap={**RUN.settings.bootstrap.as_params(), "seed": RUN.settings.seed},
            tests={
                model: [
                    t.as_params() for t in RUN.claims.watched(model, RUN.models[model])
                ]
                for model in batch
            },
            rule=RUN.claims.rule.for_estimation(),
            stamp=RUN.stamp,
            code=digest("estimate"),
        message:
            f"Estimating {', '.join(batch)} for {{wildcards.country}}"
        script:
            "../scripts/estimate.py"


# A rule for each country, as each has waves of its own: one gate, through which all pass together.
for code in RUN.at_hand:

    rule:
        name:
            f"disclose_{code}"
        input:
            panel=microdata(f"{code}/panel.parquet"),
            estimates=expand(microdata(f"{code}/estimates/{{model}}.csv"), model=SPECS),
            diagnostics=expand(
                microdata(f"{code}/estimates/{{model}}.json"), model=SPECS
            ),
            quality=expand(
                microdata(f"{code}/quality/{{wave}}.json"), wave=RUN.files(code)
            ),
            official_rates=RUN.at_hand[code].official_rates or [],
            earlier=released(code),
        output:
            estimates=expand(results(f"estimates/{code}/{{model}}.csv"), model=SPECS),
            diagnostics=expand(results(f"estimates/{code}/{{model}}.json"), model=SPECS),
            quality=expand(
                results(f"quality/{code}/{{wave}}.json"), wave=RUN.files(code)
            ),
            rates=results(f"rates/{code}.csv"),
            sample=results(f"sample/{code}.csv"),
            description=results(f"description/{code}.json"),
            register=results(f"register/{code}.json"),
            sets=microdata(f"{code}/sets.npz"),
        log:
            log_of(f"disclose/{code}"),
        benchmark:
            timing_of(f"disclose/{code}")
        # No profile can name a rule that bears a country's name, so these stand here.
        group:
            "publication"
        conda:
            ENVIRONMENT
        resources:
            mem_mb=1000,
            runtime=5,
        params:
            country=code,
            models=SPECS,
            waves=list(RUN.files(code)),
            official_rates=held(RUN.at_hand[code].official_rates),
            employees_from=RUN.employees_from(code),
            profile=RUN.profile.as_params(),
            lag=RUN.settings.lag,
            lags=list(RUN.settings.lags or []),
            counted=[test.key for test in RUN.claims.counted(RUN.models)],
            stamp=RUN.stamp,
            code=digest("disclose"),
        message:
            f"Holding the numbers of {code} against the rules of disclosure"
        script:
            "../scripts/disclose.py"


rule judge:
    input:
        **POOL,
        **TRUTH,
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
        seed=RUN.settings.seed,
        stamp=RUN.stamp,
        code=digest("judge"),
    message:
        "Judging the claims"
    script:
        "../scripts/judge.py"
