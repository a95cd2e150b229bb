"""What tables, figures and the paper are made from, and how they write names and numbers."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import takewhile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from cisflow import __version__
from cisflow.base.thresholds import MINIMUM_CELL
from cisflow.claims.verdicts import CLAIMS
from cisflow.estimation.estimates import ESTIMATES, NO_ESTIMATE, POOLED, POOLED_ESTIMATES
from cisflow.panel.attrition import SILENCE
from cisflow.panel.constructs import CONSTRUCTS
from cisflow.panel.rates import RATES
from cisflow.panel.ratios import RATIOS, ratio_and_lag, years_later
from cisflow.panel.sample import FLOW, variables_of
from cisflow.publication.term_words import OWN, name_constructs, term_in_words
from cisflow.raw.printed import PRINTED
from cisflow.study.balance_terms import EVERYONE, LESS
from cisflow.study.models import Model
from cisflow.study.series import series_of
from cisflow.study.weightings import SURVEY_WEIGHT, UNWEIGHTED

SYNTHETIC = "SYNTHETIC data"
NOT_ESTIMABLE = "n.e."
NOT_ASKED = "n.a."
WITHHELD = "c"
ARROW = " → "
STARS_NOTE = "* p < 0.10, ** p < 0.05, *** p < 0.01"

# What a reader sees for a column of the panel: in full, and short for arrows and headings.
LABELS: dict[str, str] = {
    **{name: construct.label for name, construct in CONSTRUCTS.items()},
    "coop_any": "Any cooperation",
    "group": "Part of a group",
    "firm_id": "Firm",
    "lagged_outcome": "Outcome of the wave before",
    "Intercept": "Constant",
}
SHORT_LABELS: dict[str, str] = {
    "incremental": "Incremental",
    "radical": "Radical",
    "innovation_strength": "Innovation",
    "internal_investment": "Investment",
    "diversity": "Diversity",
    "personnel_cost_share": "Personnel costs",
    "profit_margin": "Profit margin",
    "rd_intensity": "R&D intensity",
    **{f"partners_{k}_or_more": f"{k} or more types" for k in range(2, 8)},
    "small": "Small firm",
    "high_tech": "High-tech firm",
    "protection": "Protection",
}
COLUMN_LABELS = {
    "any": "Any partner",
    "grouped": "Partner groups",
    "partners": "Partner types",
    "interaction": "Interaction",
}
WEIGHT_LABELS = {
    UNWEIGHTED: UNWEIGHTED,
    SURVEY_WEIGHT: "weighted",
    "accounts_weight": "weighted for the loss of firms without accounts",
}
COVARIANCES = {
    "nonrobust": "classical",
    "robust": "heteroskedasticity-robust",
    "HC0": "heteroskedasticity-robust (HC0)",
    "HC1": "heteroskedasticity-robust (HC1)",
    "bootstrap": "bootstrap",
    "driscoll_kraay": "Driscoll–Kraay",
    "bootstrap_bca": "bootstrap, bias-corrected and accelerated",
    "survey": "design-based",
    "monte_carlo": "draws from the coefficients' estimated distribution",
}


@dataclass(frozen=True)
class Findings:
    """Everything a run publishes from; nothing in it describes a single firm.

    Attributes
    ----------
    settings
        The run's config: title, run, data, lag, seed, countries, bootstrap, minimum_cell.
    models
        Specifications by name, in the order of the run.
    estimates
        Tidy estimates of every country and model.
    diagnostics
        One record per country and model.
    claims
        Verdicts, one row per claim, country and wave.
    flow
        Sample flow of every country.
    quality
        One record per extract.
    descriptions
        Per country, the records of :func:`cisflow.panel.description.describe_sample`.
    attrition
        Per country, the record of :func:`cisflow.panel.attrition.describe_attrition`.
    rates
        Cooperation rates, :data:`cisflow.panel.rates.RATES`.
    pooled, pooling
        Pooled estimates, and what they are made of, of a run with several countries
        (:class:`cisflow.estimation.pooling.pool.Pooled`).
    pooled_claims
        Verdicts on the claims from the pooled estimates.
    """

    settings: dict[str, Any]
    models: dict[str, dict[str, Any]]
    estimates: pd.DataFrame
    diagnostics: list[dict[str, Any]]
    claims: pd.DataFrame
    flow: pd.DataFrame
    quality: list[dict[str, Any]]
    descriptions: dict[str, list[dict[str, Any]]]
    attrition: dict[str, dict[str, Any]] = field(default_factory=dict)
    rates: pd.DataFrame | None = None
    pooled: pd.DataFrame | None = None
    pooling: dict[str, Any] | None = None
    pooled_claims: pd.DataFrame | None = None

    @property
    def synthetic(self) -> bool:
        """Whether everything published is stamped SYNTHETIC."""
        return self.settings["data"] == "synthetic"

    @property
    def minimum(self) -> int:
        """Smallest number of firms a published number may rest on."""
        return self.settings.get("minimum_cell", MINIMUM_CELL)

    @property
    def countries(self) -> dict[str, list[str]]:
        """Waves by country, in the order of the config."""
        return {c: list(about["waves"]) for c, about in self.settings["countries"].items()}

    @property
    def series(self) -> dict[str, dict[str, list[Any]]]:
        """Years and known breaks of each country's series, of exported countries too."""
        sent = {
            code: about["series"]
            for code, about in self.settings["countries"].items()
            if "series" in about
        }
        return {**series_of(self.quality), **sent}

    def name(self, country: str) -> str:
        """Return a country's name for print."""
        return self.settings["countries"][country]["name"]

    def place(self, country: str, wave: str) -> str:
        """Return country and wave for print."""
        return f"{self.name(country)}, {'printed table' if wave == PRINTED else wave}"

    def rows(self, country: str, wave: str, model: str) -> pd.DataFrame:
        """Return the tidy estimates of one model in one country and wave."""
        e = self.estimates
        return e[(e["country"] == country) & (e["wave"] == wave) & (e["model"] == model)]

    def fits(self, country: str, wave: str, model: str) -> list[dict[str, Any]]:
        """Return the diagnostics of one model in one country and wave, one per fit."""
        return [
            fit
            for record in self.diagnostics
            if (record["country"], record["model"]) == (country, model)
            for fit in record["fits"]
            if fit["wave"] == wave
        ]

    def why_not(self, country: str, wave: str, model: str) -> str:
        """Return why a model could not be estimated at all, empty if it could."""
        rows = self.rows(country, wave, model)
        if rows["estimate"].notna().any():
            return ""
        notes = rows.loc[rows["status"] == NO_ESTIMATE, "note"].tolist()
        return notes[0] if notes else "the model was not estimated on this wave"

    def description(self, country: str, wave: str, model: str) -> dict[str, Any] | None:
        """Return the descriptives of a model's sample, if they were made."""
        for record in self.descriptions.get(country, []):
            if (record["wave"], record["model"]) == (wave, model):
                return record
        return None


def read_findings(
    settings: dict[str, Any],
    models: dict[str, dict[str, Any]],
    *,
    estimates: Sequence[str | Path],
    diagnostics: Sequence[str | Path],
    claims: str | Path,
    samples: Sequence[str | Path],
    quality: Sequence[str | Path] = (),
    descriptions: Sequence[str | Path] = (),
    rates: Sequence[str | Path] = (),
    pooled: str | Path | None = None,
    pooling: str | Path | None = None,
) -> Findings:
    """Read what the earlier stages left.

    Parameters
    ----------
    settings, models
        The checked config and its models.
    estimates, diagnostics, claims, samples, quality, descriptions
        Files as the stages write them; a description file holds ``country``, ``samples`` and
        ``attrition``.
    rates
        Tables of cooperation rates, one per country.
    pooled, pooling
        Table and record of the pooled estimates, of a run with several countries.
    """

    def load(file: str | Path) -> dict[str, Any]:
        return json.loads(Path(file).read_text(encoding="utf-8"))

    name_constructs(settings.get("constructs", {}))
    described = [load(f) for f in descriptions]
    verdicts = CLAIMS.read([claims])
    from_pooled = verdicts["country"] == POOLED
    return Findings(
        settings=settings,
        models=models,
        estimates=ESTIMATES.read(estimates),
        diagnostics=[load(f) for f in diagnostics],
        claims=verdicts[~from_pooled].reset_index(drop=True),
        flow=FLOW.read(samples),
        quality=[load(f) for f in quality],
        descriptions={d["country"]: d["samples"] for d in described},
        attrition={d["country"]: d["attrition"] for d in described if "attrition" in d},
        rates=RATES.read(rates) if rates else None,
        pooled=POOLED_ESTIMATES.read([pooled]) if pooled else None,
        pooling=load(pooling) if pooling else None,
        pooled_claims=verdicts[from_pooled].reset_index(drop=True),
    )


def write_manifest(file: Path, settings: Mapping[str, Any]) -> None:
    """List the published files beside ``file`` with their SHA-256, and the run they come from.

    The report is left out: it is made afterwards and carries the time of its making.
    """
    published = sorted(p for p in file.parent.rglob("*") if p.is_file())
    files = {
        p.relative_to(file.parent).as_posix(): hashlib.sha256(p.read_bytes()).hexdigest()
        for p in published
        if p != file and p.name != "report.html" and not p.name.startswith(".")
    }
    manifest = {
        "run": settings["run"],
        "title": settings["title"],
        "data": settings["data"],
        "seed": settings["seed"],
        "cisflow": __version__,
        "files": files,
    }
    text = json.dumps(manifest, indent=1, ensure_ascii=False)
    file.write_text(text + "\n", encoding="utf-8")


# --- which models belong together --------------------------------------------------------------


def regression_models(models: Mapping[str, dict[str, Any]]) -> list[str]:
    """Return the models that are regressions, in the order of the run."""
    return models_of(models, "tobit", "fractional", "ols")


def leading_regression(models: Mapping[str, dict[str, Any]]) -> list[str]:
    """Return the first regression of a share at its limits, which the paper opens with, or none."""
    return models_of(models, "tobit", "fractional")[:1]


def further_regressions(models: Mapping[str, dict[str, Any]]) -> list[str]:
    """Return the regressions beside the leading one."""
    return [m for m in regression_models(models) if m not in leading_regression(models)]


def models_of(models: Mapping[str, dict[str, Any]], *estimators: str) -> list[str]:
    """Return the models of some estimators, in the order of the run."""
    return [name for name, spec in models.items() if spec["estimator"] in estimators]


def described(models: Mapping[str, dict[str, Any]]) -> list[str]:
    """Return the models whose samples are shown: the leading regression, each group's first."""
    first = [names[0] for names in path_groups(models).values()]
    return [*leading_regression(models), *(m for m in first if "printed" not in models[m])]


def path_groups(models: Mapping[str, dict[str, Any]]) -> dict[str, list[str]]:
    """Return the path models by common name: readings of the same source stand side by side."""
    by_source: dict[tuple[str, bool], list[str]] = {}
    for name, spec in models.items():
        if spec["estimator"] == "path":
            about = spec.get("source") or name, "printed" in spec
            by_source.setdefault(about, []).append(name)
    return {_shared_name(names): names for names in by_source.values()}


def scanned_balances(models: Mapping[str, dict[str, Any]]) -> list[str]:
    """Return the balances that scan lags, which are drawn over time."""
    return [model for model in models_of(models, "balance") if models[model].get("lags")]


def split_balances(models: Mapping[str, dict[str, Any]]) -> list[str]:
    """Return the balances of the source itself at the run's own lag, which are drawn by path."""
    balances = models_of(models, "balance")
    return [m for m in balances if not models[m].get("lags") and not models[m].get("steps")]


def stepped_balances(models: Mapping[str, dict[str, Any]]) -> list[str]:
    """Return the balances by step, such as each further type of partner."""
    return [model for model in models_of(models, "balance") if models[model].get("steps")]


def grouped_balances(models: Mapping[str, dict[str, Any]]) -> list[str]:
    """Return the balances at the run's own lag that compare groups of firms."""
    return [model for model in split_balances(models) if models[model].get("by")]


def _shared_name(names: Sequence[str]) -> str:
    """Return the words several names begin with, or all of them joined."""
    words = zip(*(name.split("_") for name in names), strict=False)
    shared = takewhile(lambda together: len(set(together)) == 1, words)
    return "_".join(together[0] for together in shared) or "_".join(names)


def reading(group: str, model: str) -> str:
    """Return what tells a path model from the others of its group."""
    return model.removeprefix(group).strip("_") or model


def waves_of(spec: Mapping[str, Any], waves: Sequence[str]) -> list[str]:
    """Return the waves a model is estimated on, or what stands for them."""
    if spec.get("printed"):
        return [PRINTED]
    return [wave for wave in waves if wave in (spec.get("waves") or waves)]


def printed_places(
    countries: Mapping[str, Sequence[str]], models: Mapping[str, dict[str, Any]]
) -> list[tuple[str, str]]:
    """Return where estimates from printed tables stand; a run that has any is of one country."""
    any_printed = any("printed" in spec for spec in models.values())
    return [(country, PRINTED) for country in countries] if any_printed else []


def places(countries: Mapping[str, Sequence[str]]) -> Iterator[tuple[str, str]]:
    """Yield every country and wave in order."""
    for country, waves in countries.items():
        for wave in waves:
            yield country, wave


# --- words and numbers -------------------------------------------------------------------------


def label(term: str, *, short: bool = False) -> str:
    """Return what to call a variable or term in print.

    ``a:b`` is an interaction, ``C(industry)[T.x]`` a category; an unknown variable is called by
    its own name without underscores. A ratio of the accounts at a lag of its own says the lag.
    """
    if ARROW.strip() in term:
        return ARROW.join(label(part.strip(), short=True) for part in term.split(ARROW.strip()))
    category = re.fullmatch(r"((?:C|bins|lag)\([^\[\]]+\))\[(?:T\.)?((?:(?!\]:).)+)\]", term)
    if category:
        return f"{label(category[1], short=short)}: {category[2]}"
    if words := term_in_words(term, partial(label, short=short)):
        return words
    if ":" in term:
        return " × ".join(label(part, short=True) for part in term.split(":"))
    if at_lag := ratio_and_lag(term):
        return f"{label(at_lag[0], short=short)}, {years_later(at_lag[1])}"
    for ending in SILENCE:
        if term.endswith(ending):
            variable = label(term.removesuffix(ending), short=True)
            return f"{variable}{ending.replace('_', ' ')}"
    known = {**LABELS, **SHORT_LABELS, **OWN} if short else {**LABELS, **OWN}
    plain = term.removeprefix("coop_").replace("_", " ")
    return known.get(term, plain[:1].upper() + plain[1:])


def inline(term: str) -> str:
    """Return a label as it stands within a sentence: small initial unless it abbreviates."""
    text = label(term)
    return text if text[1:2] in "&" or text[1:2].isupper() else text[:1].lower() + text[1:]


def column_label(column: str) -> str:
    """Return what to call a column such as ``grouped`` or ``grouped: weight`` in print."""
    name, _, weights = column.partition(": ")
    text = COLUMN_LABELS.get(name, label(name))
    return f"{text}, {WEIGHT_LABELS.get(weights, weights)}" if weights else text


def group_label(group: str) -> str:
    """Return what to call a group of firms, or the difference of two, of a balance in print."""
    if group == EVERYONE:
        return "All firms"
    if LESS in group:
        first, second = map(group_label, group.split(LESS))
        return f"{first} less {second[:1].lower()}{second[1:]}"
    if group.startswith("not "):
        text = label(group.removeprefix("not "), short=True)
        return f"Not {text if text[1:2].isupper() else text[:1].lower() + text[1:]}"
    variable, equals, level = group.partition("=")
    return f"{label(variable, short=True)}: {level}" if equals else label(group, short=True)


def signed(text: str) -> str:
    """Return a formatted number with a real minus sign."""
    return text.replace("-", "−")


def number(x: float | None, decimals: int = 3) -> str:
    """Return a number with three decimals, or two significant digits where those would be lost."""
    if x is None or not np.isfinite(x):
        return NOT_ESTIMABLE
    if abs(x) >= 1000:
        return signed(f"{x:,.0f}")
    if abs(x) >= 100:
        return signed(f"{x:.1f}")
    if x != 0 and abs(x) < 0.5 * 10 ** (1 - decimals):
        return signed(np.format_float_positional(float(f"{x:.2g}")))
    return signed(f"{x:.{decimals}f}")


def p_value(p: float | None) -> str:
    """Return a p-value with three decimals; nobody needs to know how far below 0.001 it is."""
    return "< 0.001" if p is not None and p < 0.001 else number(p)


def count(x: float | None, minimum: int = 0) -> str:
    """Return a number of firms, as an inequality where it is too small to show."""
    if x is None or not np.isfinite(x):
        return WITHHELD
    return f"< {minimum}" if 0 < x < minimum else f"{int(x):,}"


def stars(p: float | None) -> str:
    """Return the stars of a p-value: 10, 5 and 1 percent."""
    if p is None or not np.isfinite(p):
        return ""
    return "*" * sum(p < level for level in (0.10, 0.05, 0.01))


def interval(low: float | None, high: float | None, decimals: int = 3) -> str:
    """Return a confidence interval in brackets, empty where there is none."""
    if low is None or high is None or not (np.isfinite(low) and np.isfinite(high)):
        return ""
    return f"[{number(low, decimals)}, {number(high, decimals)}]"


def brief_interval(low: float, high: float) -> str:
    """Return a confidence interval with two decimals, for where there is no room for more."""
    if not (np.isfinite(low) and np.isfinite(high)):
        return ""
    return f"[{signed(f'{low:.2f}')}, {signed(f'{high:.2f}')}]"


def covariance_name(cov_type: str, groups: float | None = None) -> str:
    """Return what kind of standard error this is, in words."""
    clustered = re.fullmatch(r"cluster\((.+)\)", cov_type)
    if not clustered:
        return COVARIANCES.get(cov_type, cov_type)
    how_many = f", {int(groups)} clusters" if groups is not None and np.isfinite(groups) else ""
    return f"clustered by {inline(clustered[1])}{how_many}"


def accounts_note(findings: Findings, country: str, *specs: Mapping[str, Any]) -> str:
    """Say how the ratios of the accounts are made: which year, winsorising, prices.

    Parameters
    ----------
    findings
        With the run's settings.
    country
        Whose accounts they are.
    specs
        Models of a table; without one that uses the accounts the note is empty. None given: the
        table is about the accounts themselves.
    """
    settings = findings.settings
    accounts = settings["countries"][country].get("accounts")
    if not accounts or (specs and not any(map(uses_accounts, specs))):
        return ""
    lag, years = settings["lag"], settings.get("lag_average", 1)
    when = f"of the year {lag} after the survey's" if lag else "of the survey's own year"
    if years > 1:
        when = f"means of the {years} years up to year {lag} after the survey's"
    if any(spec.get("lags") for spec in specs):
        when = "of the year of the lag alone"
    tail = settings.get("accounts_outcomes", {}).get("winsorise")
    ends = f"winsorised at {100 * tail:g} % in each tail of a year" if tail else "not winsorised"
    deflator = accounts.get("deflator")
    prices = f"prices of {deflator['base_year']}" if deflator else "current prices"
    return f"Ratios of the accounts are {when}, {ends}, from amounts in {prices}."


def uses_accounts(spec: Mapping[str, Any]) -> bool:
    """Return whether a model needs a ratio of the accounts, those of a printed table aside."""
    if spec.get("printed"):
        return False
    needed = [*spec["sample"], *variables_of(Model.model_validate(spec))]
    return any(v == "has_accounts" or v in RATIOS or ratio_and_lag(v) for v in needed)
