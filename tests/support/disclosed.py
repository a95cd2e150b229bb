"""A made-up panel of one country, and what of it passes the gate."""

import numpy as np
import pandas as pd
from specs import model_of

from cisflow.base.records import rounded
from cisflow.estimation.estimates import Estimates
from cisflow.estimation.run import estimate
from cisflow.panel.attrition import SELECTIVITY_COLUMNS, selectivity
from cisflow.panel.rates import cooperation_rates
from cisflow.panel.ratios import NEEDED_RATIOS
from cisflow.release.attrition import losses_of, note_losses, told_losses
from cisflow.release.disclose import disclose
from cisflow.release.gate import Gate
from cisflow.release.rates import note_rates, told_rates
from cisflow.study.canonical import BLOCKS, PARTNERS
from cisflow.study.disclosure import Profile

RULES = Profile(title="General rules", text="No number rests on fewer than 10 firms.")
OLS = {
    "title": "t",
    "source": "s",
    "sample": ["manufacturing"],
    "estimator": "ols",
    "outcomes": ["profit_margin"],
    "columns": {"any": ["coop_any"]},
    "controls": ["log_employees"],
    "covariance": ["HC1"],
}
TOBIT = {**OLS, "estimator": "tobit", "limits": [0, 100], "outcomes": ["radical"]}


def flags(values):
    """Return yes/no answers as the panel has them; NaN is no answer."""
    return pd.array([pd.NA if v != v else bool(v) for v in values], dtype="boolean")


def survey(n=400, seed=5, waves=("W1",)):
    """Return the panel of ``n`` firms in each wave."""
    return pd.concat(
        [_wave(n, seed + i, wave, 2004 + 2 * i) for i, wave in enumerate(waves)], ignore_index=True
    )


def _wave(n, seed, wave, year):
    rng = np.random.default_rng(seed)
    employees = np.exp(rng.normal(4, 1, n)).round() + 10
    coop = rng.random(n) < 0.5
    latent = -10 + 20 * coop + 3 * np.log(employees) + rng.normal(0, 25, n)
    partners = {f"coop_{p}": flags(coop & (rng.random(n) < 0.6)) for p in PARTNERS}
    return pd.DataFrame(
        {
            "wave": wave,
            "reference_year": year,
            "firm_id": [f"f{i}" for i in range(n)],
            "section": "D",
            "manufacturing": flags(np.ones(n)),
            "innovation_active": flags(np.ones(n)),
            "industry": rng.choice(["cars", "food", "steel"], n),
            "weight": 1.0,
            "employees": employees,
            "log_employees": np.log(employees),
            "rd_intensity": rng.gamma(2, 1, n),
            "group": flags(rng.random(n) < 0.4),
            "small": flags(employees < 50),
            "high_tech": flags(rng.random(n) < 0.4),
            "coop_any": flags(coop),
            "protection": rng.integers(0, 5, n).astype(float),
            "diversity": rng.integers(0, 7, n).astype(float),
            **partners,
            **{f"asked_{block}": flags(np.ones(n)) for block in BLOCKS},
            "has_accounts": rng.random(n) < 0.6,
            "radical": np.clip(latent, 0, 100),
            **{ratio: rng.normal(10, 3, n) for ratio in (*NEEDED_RATIOS, "profit_margin")},
        }
    )


def released(panel, profile=RULES, quality=None, lags=(), earlier=None, **models):
    """Return what of a panel may be told, with the estimates of some models."""
    models = {name: model_of(spec) for name, spec in (models or {"main": OLS}).items()}
    draws = {"draws": 100, "test_draws": 0, "seed": 1}
    where = {"country": "BE", "lag": 2}
    estimates = {}
    for name, spec in models.items():
        found = estimate(panel, spec, model=name, bootstrap=draws, profile=profile, **where)
        estimates[name] = Estimates(found.table, rounded(found.diagnostics))
    return disclose(
        panel, models, estimates, quality or {}, profile, lags=lags, earlier=earlier or {}, **where
    )


def sample_of(out, model, wave="W1"):
    """Return the description of a model's sample."""
    found = [s for s in out.description["samples"] if (s["model"], s["wave"]) == (model, wave)]
    return found[0]


def variable_of(out, model, variable, wave="W1"):
    """Return the description of a variable in a model's sample."""
    return next(v for v in sample_of(out, model, wave)["variables"] if v["variable"] == variable)


# --- one part alone ---------------------------------------------------------------------------


def gate_of(panel, minimum=10):
    """Return a gate at which nothing was noted yet."""
    return Gate(panel.reset_index(drop=True), RULES.model_copy(update={"minimum_cell": minimum}))


def rates_of(panel, minimum=3):
    """Return the rates of a panel, as far as they may be told."""
    gate = gate_of(panel, minimum)
    rates = list(cooperation_rates(gate.panel))
    note_rates(gate, rates)
    return told_rates(gate, rates, "BE", "rates")


def losses_told(panel, minimum=3, lags=()):
    """Return who is lost between survey and accounts, as far as it may be told."""
    gate = gate_of(panel.assign(firm_id=range(len(panel))), minimum)
    gate.opened("description", "description", "firms")
    losses = losses_of(gate.panel, lags, gate.profile.support)
    note_losses(gate, losses)
    return told_losses(gate, losses, "description")


def selectivity_of(panel):
    """Return the terms of the logit of having accounts, and its joint test."""
    rows = [
        row
        for logit in selectivity(panel)
        for row in (
            [{"wave": logit.wave, "note": logit.reason}] if logit.fit is None else logit.rows
        )
    ]
    return pd.DataFrame(rows, columns=list(SELECTIVITY_COLUMNS))
