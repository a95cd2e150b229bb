"""Synthetic extracts with known truth, written below data/raw/synthetic/: one job per country."""

from cisflow.study.truth import truth_of

try:
    TRUTHS = {
        country: truth_of(RUN.truth, country, Path()) for country in RUN.countries
    }
except CisflowError as error:
    raise WorkflowError(str(error)) from None

for country in RUN.at_hand:

    rule:
        name:
            f"simulate_{country}"
        output:
            **RUN.files(country),
        log:
            log_of(f"simulate/{country}"),
        benchmark:
            timing_of(f"simulate/{country}")
        # No profile can name a rule that bears a country's name, so these stand here. A group of
        # their own: what an extract holds is a parameter of the jobs that read it, and parameters of
        # a group are known when it is submitted.
        group:
            "simulate"
        conda:
            ENVIRONMENT
        resources:
            mem_mb=1000,
            runtime=5,
        params:
            country=country,
            codebooks={w: RUN.source(country, w).codebook for w in RUN.files(country)},
            contents={w: codebook(country, w) for w in RUN.files(country)},
            truth=TRUTHS[country],
            seed=RUN.settings.seed,
            code=digest("simulate"),
        message:
            f"Simulating the extracts of {RUN.countries[country].name}"
        script:
            "../scripts/simulate.py"


rule pseudo_truth:
    output:
        **TRUTH,
    log:
        log_of("pseudo_truth"),
    benchmark:
        timing_of("pseudo_truth")
    conda:
        ENVIRONMENT
    params:
        countries={
            c: {"truth": TRUTHS[c], "accounts": RUN.has_accounts(c)}
            for c in RUN.at_hand
        },
        codebooks={
            c: {w: RUN.source(c, w).codebook for w in RUN.waves(c)}
            for c in RUN.at_hand
        },
        contents={c: {w: codebook(c, w) for w in RUN.waves(c)} for c in RUN.at_hand},
        models=TESTED,
        claims=RUN.claims.as_params()["claims"],
        panel={
            "lag": RUN.settings.lag,
            "lags": list(RUN.settings.lags or [RUN.settings.lag]),
            "average": RUN.settings.lag_average,
            "winsorise": RUN.settings.accounts_outcomes.winsorise,
            "weigh_attrition": any(
                "accounts_weight" in model.weightings for model in RUN.models.values()
            ),
            "constructs": RUN.constructs,
        },
        industries=content("config/nace.yaml"),
        seed=RUN.settings.seed,
        stamp=RUN.stamp,
        code=digest("pseudo_truth"),
    message:
        "Finding what is true of the models that claims test"
    script:
        "../scripts/pseudo_truth.py"
