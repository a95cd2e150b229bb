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
