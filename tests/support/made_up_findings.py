"""Findings that no data stand behind, in the shape the stages hand them on."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import yaml

from cisflow.claims.verdicts import CLAIMS
from cisflow.estimation.estimates import ESTIMATES, OF_CURVES
from cisflow.panel.rates import ANY, RATES, SECTORS, SIZES, TOTAL
from cisflow.panel.sample import Step
from cisflow.publication.catalogue import catalogue
from cisflow.publication.findings import Findings
from cisflow.release.gate import Gate
from cisflow.release.samples import Sample, note_sample, told_samples
from cisflow.study import choices as chosen
from cisflow.study.balance_terms import (
    EVERYONE,
    SCALES,
    column_of,
    difference,
    groups_of,
    outcome_of,
    through,
)
from cisflow.study.canonical import PARTNERS
from cisflow.study.choices import CHOICES, COVARIANCE
from cisflow.study.disclosure import UNRESTRICTED
from cisflow.study.models import expanded

ROOT = Path(__file__).parents[2]
SETTINGS = {
    "run": "madeup",
    "title": "Open innovation in Flanders",
    "data": "synthetic",
    "seed": 20141120,
    "lag": 2,
    "minimum_cell": 3,
    "bootstrap": {"draws": 5000},
    "countries": {
        "BE": {
            "name": "Flanders (Belgium)",
            "waves": {"CIS2": {}, "CIS4": {}},
            "accounts": {"file": "x", "codebook": "y"},
        }
    },
}
NO_ACCOUNTS = {
    **SETTINGS,
    "title": "Open innovation in Nigeria",
    "data": "real",
    "countries": {"NG": {"name": "Nigeria", "waves": {"2007": {}, "2010": {}}}},
}


ATTRITION = {
    "shares": [
        {"wave": wave, "by": by, "group": group, "firms": n, "with_accounts": k, "share": share}
        | {"suppressed": n is None}
        for wave in ("CIS2", "CIS4")
        for by, group, n, k, share in (
            ("all", "all firms", 1640, 1200, 1200 / 1640),
            ("size", "fewer than 50", 900, 600, 2 / 3),
            ("industry", "Wood", None, None, None),
        )
    ],
    "selectivity": [
        {"wave": "CIS2", "term": "Intercept", "estimate": -0.2, "std_error": 0.1, "statistic": -2.0}
        | {"df": None, "p_value": 0.046, "n": 1580},
        {"wave": "CIS2", "term": "log_employees", "estimate": 0.5, "std_error": 0.1}
        | {"statistic": 5.0, "df": None, "p_value": 6e-7, "n": 1580},
        {"wave": "CIS2", "term": "C(industry)[T.Wood]", "estimate": 0.1, "std_error": 0.1}
        | {"statistic": 1.0, "df": None, "p_value": 0.32, "n": 1580},
        {"wave": "CIS2", "term": "all terms (Wald test)", "estimate": None, "std_error": None}
        | {"statistic": 27.5, "df": 2, "p_value": 1e-6, "n": 1580},
        {"wave": "CIS4", "term": "", "note": "no firm without", "estimate": None},
    ],
}

NONE = {"status": "not_estimable"}
ASKED = "asked about turnover from new products (product innovators)"


def read_models() -> dict:
    models = yaml.safe_load((ROOT / "config/models.yaml").read_text(encoding="utf-8"))
    return expanded(models)[0]


def one_of_each(settings: dict) -> dict:
    """Return as few models as show every kind of table and figure that all of them show."""
    kept, seen = {}, set()
    for name, spec in read_models().items():
        more = {item.section for item in catalogue(settings, {**kept, name: spec}).items}
        if more - seen:
            kept[name], seen = spec, more
    return kept


def make_findings(settings: dict | None = None, models: dict | None = None) -> Findings:
    """Return findings for a config; models that need accounts fail where there are none."""
    settings = settings or SETTINGS
    models = models or read_models()
    rng = np.random.default_rng(7)
    rows, diagnostics, flow, descriptions = [], [], [], {}
    for country, about in settings["countries"].items():
        descriptions[country] = []
        for model, spec in models.items():
            fits = []
            for wave in about["waves"]:
                at = {"country": country, "wave": wave, "model": model}
                possible = "has_accounts" not in spec.sample or "accounts" in about
                if possible:
                    makes = {"path": _path, "balance": _balance, "curve": _curve}
                    make = makes.get(spec.estimator, _regression)
                    found, fit = make(rng, spec)
                    rows += [{**at, **row} for row in found]
                    fits += [{"wave": wave, **f} for f in fit]
                else:
                    rows.append({**at, **NONE, "note": "no accounts"})
                flow += [{**at, **step} for step in _flow(spec, possible)]
                variables = _variables(spec)
                sample = _sample(rng, variables, 240 if possible else 0)
                descriptions[country].append(_told(sample, spec, model, wave))
            record = {key: getattr(spec, key) for key in ("title", "source", "estimator")}
            diagnostics.append({"country": country, "model": model, **record, "fits": fits})
    table = ESTIMATES.frame(rows, status="estimated")
    return Findings(
        settings=settings,
        models=models,
        estimates=table,
        diagnostics=diagnostics,
        claims=make_claims(settings),
        flow=pd.DataFrame(flow),
        quality=[
            _quality(country, wave)
            for country, about in settings["countries"].items()
            for wave in [*about["waves"], *(["accounts"] if "accounts" in about else [])]
        ],
        descriptions=descriptions,
        rates=_rates(settings),
        attrition={
            c: ATTRITION for c, about in settings["countries"].items() if "accounts" in about
        },
    )


def _numbers(estimate: float, se: float) -> dict:
    z = estimate / se
    p = 2 * (1 - 0.5 * (1 + np.tanh(abs(z) * 0.8)))
    bounds = {"ci_low": estimate - 1.96 * se, "ci_high": estimate + 1.96 * se}
    return {"estimate": estimate, "std_error": se, "statistic": z, "p_value": p, **bounds}


def _regression(rng, spec):
    rows, fits = [], []
    for outcome in spec.outcomes:
        for column, terms in spec.columns.items():
            dummies = ["C(industry)[T.Chemicals]", "C(industry)[T.Metals]"]
            for term in ["Intercept", *terms, *spec.controls, *dummies]:
                estimate, se = rng.normal(0, 6), rng.uniform(1, 4)
                for kind in spec.covariance:
                    cov = str(kind)
                    about = {"outcome": outcome, "column": column, "term": term, "cov_type": cov}
                    about |= {"n": 221, "n_lower": 90, "n_upper": 2, "weights": "unweighted"}
                    about["groups"] = 12 if cov.startswith("cluster") else np.nan
                    if term == "coop_public_research":
                        why = "no firm with this value has an uncensored outcome"
                        rows.append({**about, **NONE, "note": why})
                        continue
                    rows.append({**about, **_numbers(estimate, se * rng.uniform(0.9, 1.1))})
                if spec.censored and term != "Intercept" and term not in dummies:
                    rows += _effects(rng, spec, rows[-len(spec.covariance)], estimate, se)
            fits.append(
                {
                    "outcome": outcome,
                    "column": column,
                    "nobs": 221,
                    "n_lower": 90,
                    "n_upper": 2,
                    "scale": 21.4,
                    "llf": -612.3,
                }
            )
    return rows, fits


def _curve(rng, spec):
    """Make up a curve: every specification, and what they say as a whole."""
    rows, fits, choices = [], [], spec.choices
    made = list(choices.combinations(*CHOICES, COVARIANCE))
    for outcome, column in spec.regressions:
        terms = {}
        for term in spec.columns[column]:
            centre = rng.normal(2, 2)
            about = {"outcome": outcome, "term": term, "quantity": "observed", "n": 221}
            for of in made:
                where = {"column": chosen.column_of(column, of), "cov_type": of[COVARIANCE]}
                rows.append({**about, **where, **_numbers(rng.normal(centre, 1), 2.0)})
            whole = {**about, "column": column, "cov_type": "signs"}
            rows.append({**whole, **_numbers(centre, 1.5)})
            for quantity, value in zip(OF_CURVES, (0.9, 0.25, 1.2, 0.04), strict=True):
                rows.append({**whole, "quantity": quantity, "estimate": value, "p_value": 0.04})
            terms[term] = {"specifications": len(made), "sign": 1, "draws": choices.draws}
        told = {"choices": choices.names, "left_out": LEFT_OUT, "terms": terms}
        fits.append({"outcome": outcome, "column": column, "curve": told})
    return rows, fits


LEFT_OUT = [
    {"choice": "sample", "option": "product innovators, all sectors", "why": "no firm is left"}
]


def _effects(rng, spec, coefficient, estimate, se):
    """Make up the effects beside a coefficient, the observed one also by robust alternatives."""
    columns = {f": {name}": ("observed", 0.5) for name in spec.robust}
    for quantity, part in (("observed", 0.6), ("latent", 1.0)):
        yield {**coefficient, "quantity": quantity, **_effect(coefficient, estimate, se, part)}
    for column, (quantity, part) in columns.items():
        of = {"quantity": quantity, "column": f"{coefficient['column']}{column}"}
        yield {**coefficient, **of, **_effect(coefficient, estimate, se, part)}


def _effect(coefficient, estimate, se, part):
    known = "status" not in coefficient
    return _numbers(part * estimate, part * se) if known else {}


def _path(rng, spec):
    rows = []
    about = {"n": 305, "cov_type": "bootstrap", "weights": "unweighted"}
    for target, sources in spec.equations.items():
        for source in sources:
            for column, scale in (("raw", 1.0), ("standardised", 1.0)):
                of = {"outcome": target, "column": column, "term": source}
                rows.append({**about, **of, **_numbers(scale * rng.normal(0, 0.2), scale * 0.06)})
    for source, target in spec.effects:
        middles = ["internal_investment → innovation_strength", "personnel_cost_share"]
        specific = [f"{source} → {middle} → {target}" for middle in middles]
        for kind in [f"direct({source})", *specific, f"indirect({source})", f"total({source})"]:
            for column, scale in (("raw", 1.0), ("standardised", 1.0)):
                of = {"outcome": target, "column": column, "term": kind}
                numbers = _numbers(scale * rng.normal(-0.05, 0.05), scale * 0.05)
                if kind.startswith("direct") and source not in spec.equations[target]:
                    numbers = {"estimate": 0.0, "status": "fixed"}
                rows.append({**about, **of, **numbers})
    fit = {
        "nobs": 305,
        "r2": dict.fromkeys(spec.equations, 0.12),
        "bootstrap": {"draws": 5000, "seed": 1, "failed": 0},
        "fit_measures": {"chisq": 3.8, "df": 3, "pvalue": 0.28, "cfi": 0.99, "aic": 3899.0},
        "modification_indices": [
            {
                "source": "internal_investment",
                "target": "profit_margin",
                "mi": 1.07,
                "p_value": 0.3,
                "std_expected_change": -0.04,
            }
        ],
    }
    test = {"lr": 3.2, "lr_df": 2, "lr_p": 0.2, "wald_p": 0.18, "aic": 3899.0, "bic": 3940.0}
    test["omitted"] = "personnel_cost_share ~ internal_investment"
    if spec.readings:
        fit["readings"] = dict.fromkeys(spec.readings, test)
    return rows, [fit]


def _balance(rng, spec):
    """Return a balance in which small firms are worse off, and one group that is too small."""
    about = {"cov_type": "bootstrap", "weights": "unweighted"}
    groups = list(spec.steps or [EVERYONE])
    for variable in spec.by:
        groups += [*groups_of(variable), difference(*groups_of(variable))]
    rows, fits = [], []
    for lag in spec.lags or [None]:
        outcome = outcome_of(spec.balance.target, lag)
        for scale, unit in zip(SCALES, (1.0, 4.0), strict=True):
            if spec.steps and scale == SCALES[0]:
                continue
            for group in groups:
                of = {"outcome": outcome, "column": column_of(scale, group)}
                if "high_tech" in group or lag == 6 or "7" in group:
                    why = "fewer than 30 firms have every variable of the model"
                    rows.append({**of, **NONE, "note": why})
                    continue
                n = {EVERYONE: 305, "small": 140, "not small": 165}.get(group, np.nan)
                rows += _balance_rows(rng, {**about, **of, "n": n}, unit, spec, group)
        fits.append({"outcome": outcome, "lag": lag, "groups": {EVERYONE: {"nobs": 305}}})
    if spec.lags:
        words = "the estimated balance is negative throughout (years 0 to 5): it does not turn"
        fits.append({"horizon": {EVERYONE: words}})
        of = {"outcome": spec.balance.target, "column": SCALES[0], "term": "horizon"}
        rows.append({**of, "status": "in_words", "note": words})
    return rows, fits


def _balance_rows(rng, about, unit, spec, group):
    parts = {
        "cost: direct": -0.10,
        through(spec.balance.cost_through): 0.03,
        "return": 0.02,
    }
    parts = {name: value + rng.normal(0, 0.01) for name, value in parts.items()}
    if group == EVERYONE:
        middles = ["", "innovation_strength → ", "personnel_cost_share → "]
        parts |= {
            f"diversity → {m}profit_margin": v
            for m, v in zip(middles, list(parts.values()), strict=True)
        }
    cost = parts["cost: direct"] + parts[through(spec.balance.cost_through)]
    parts = {"cost": cost, **parts, "balance": cost + parts["return"]}
    rows = []
    for term, value in parts.items():
        numbers = _numbers(unit * value, unit * 0.04)
        rows.append({**about, "term": term, **numbers})
        rows.append({**about, "term": term, **numbers, "cov_type": "bootstrap_bca"})
    if "minus" not in group:
        rows.append({**about, "term": "P(cost > return)", "estimate": 0.91})
    return rows


def _flow(spec, possible):
    names = ["All firms of the wave", "manufacturing", "innovation active"]
    left = [1640, 912, 322]
    if "has_accounts" in spec.sample:
        names.append("accounts two years later")
        left.append(305 if possible else 0)
    names += [ASKED, "no missing value in the model’s variables"]
    left += [min(left[-1], 250), min(left[-1], 221)]
    lost = [0, *(a - b for a, b in pairwise(left))]
    return [
        {
            "step": i,
            "restriction": name,
            "firms": n,
            "lost": x,
            "lost_missing": x if name == names[-1] else 0,
            "lost_filtered": x if name == ASKED else 0,
        }
        for i, (name, n, x) in enumerate(zip(names, left, lost, strict=True))
    ]


def _told(firms, spec, model, wave):
    """Return the description of a sample at a minimum of 3."""
    gate = Gate(firms.reset_index(drop=True), UNRESTRICTED.model_copy(update={"minimum_cell": 3}))
    nobody = gate.panel.index[:0]
    everyone = gate.panel.index
    steps = [Step("all firms", everyone, nobody, nobody)]
    steps += [Step(ASKED, everyone, nobody, nobody, "product_innovation")] * bool(len(everyone))
    sample = Sample(model, wave, spec, steps, 1.0)
    gate.opened("description", "description", "firms")
    note_sample(gate, sample)
    return told_samples(gate, [sample], "description")[0]


def _variables(spec) -> list[str]:
    terms = [*spec.outcomes, *spec.controls]
    for listed in [*spec.columns.values(), *spec.equations.values()]:
        terms += [part for term in listed for part in term.split(":")]
    return list(dict.fromkeys([*terms, *spec.equations]))


def _sample(rng, variables, n):
    censored = {"incremental", "radical"}
    return pd.DataFrame(
        {
            v: np.clip(rng.normal(8, 22, n), 0, 100).round()
            if v in censored
            else (rng.random(n) < 0.3).astype(float)
            if v.startswith("coop") or v in ("group", "small")
            else rng.normal(2, 1, n)
            for v in variables
        }
    )


def make_claims(settings: dict) -> pd.DataFrame:
    texts = {
        "C1": "Cooperation with suppliers and customers raises incremental innovation",
        "C2": "Cooperation with suppliers and customers has no effect on radical innovation",
        "C3": "Cooperation with universities has no effect on incremental innovation",
        "C4": "Cooperation with universities raises radical innovation",
        "C5": "A balanced portfolio of partner types serves both",
        "C6": "Diversity of the alliance portfolio raises internal innovation effort",
        "C7": "Internal effort raises innovation strength",
        "C8": "Innovation strength raises financial performance",
        "C9": "Diversity has a direct negative effect on financial performance",
        "C10": "Within two years the cost effect exceeds the innovation return",
        "C11": "Firms that invest more in own R&D gain more from cooperation",
        "C15": "Contracts and trust are complements",
    }
    rows = []
    for country, about in settings["countries"].items():
        for wave in about["waves"]:
            for i, (claim, text) in enumerate(texts.items()):
                row = {"claim": claim, "text": text, "source": "Faems et al.", "country": country}
                row |= {"wave": wave, "model": "faems2005", "column": "grouped", "reason": ""}
                row |= {"outcome": "radical", "term": "coop_any", "verdict_literature": ""}
                if claim == "C15":
                    row |= {"verdict": "not measurable", "reason": "The CIS does not ask"}
                elif claim in ("C6", "C7", "C8", "C9", "C10") and "accounts" not in about:
                    row |= {"verdict": "not estimable", "reason": "no accounts"}
                else:
                    row |= _numbers(3.1 - i, 1.3)
                    row["n"] = 221
                    row["verdict"] = ["supported", "inconclusive", "contradicted"][i % 3]
                    row["verdict_literature"] = "supported"
                rows.append(row)
    return CLAIMS.frame(rows)


def _quality(country, wave):
    variables = {
        name: {
            "columns": [name.upper()],
            "in_questionnaire": name != "protect_patent",
            "valid": 1500,
            "missing": 140 - i,
            "filtered": 0,
            "invalid": i,
            "verified": "sourced",
        }
        for i, name in enumerate(("turnover", "employees", "coop_any", "protect_patent"))
    }
    checks = {"shares": {"failed": 7, "of": 900, "meaning": "Turnover shares sum to 100"}}
    return {
        "country": country,
        "wave": wave,
        "file": "x",
        "codebook": "y",
        "rows": 1645,
        "rows_kept": 1640,
        "duplicate_ids": 0,
        "checks": checks,
        "variables": variables,
    }


def _rates(settings):
    """Return made-up cooperation rates; the largest services firms are too few to be shown."""
    rows = [
        {
            "country": country,
            "wave": wave,
            "sector": sector,
            "size": size,
            "partner": partner,
            "firms": 40.0 + i,
            "rate": 30.0 + i,
            "std_error": 2.5,
            "unweighted": 33.0,
            "design": "weighted",
            "suppressed": (sector, size) == ("services", "250+"),
        }
        for country, about in settings["countries"].items()
        for wave in about["waves"]
        for sector in (TOTAL, *SECTORS)
        for size in (TOTAL, *SIZES)
        for i, partner in enumerate((ANY, *PARTNERS))
    ]
    return pd.DataFrame(rows, columns=[*RATES.columns, "suppressed"])
