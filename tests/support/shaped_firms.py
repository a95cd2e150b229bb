"""Firms and a model with complements, an inverted U and an effect over a range."""

import numpy as np
import pandas as pd
from made_up_findings import SETTINGS
from specs import model_of

from cisflow.estimation.run import estimate
from cisflow.publication.findings import Findings
from cisflow.release.estimates import note_estimates, told_estimates
from cisflow.release.gate import Gate
from cisflow.study.canonical import BLOCKS
from cisflow.study.disclosure import Profile

N = 600


def made_up_firms():
    """Return 600 firms: two practices that are complements, an inverted U, R&D that helps."""
    rng = np.random.default_rng(20141120)
    a, b = (rng.random((2, N)) < 0.4).astype(float)
    d, r = rng.integers(0, 8, N).astype(float), rng.exponential(3, N)
    z = rng.normal(size=N)
    y = 10 + 5 * a - 2 * b + 6 * a * b + 4 * d - 0.5 * d**2 + a * r + z + 5 * rng.normal(size=N)
    return pd.DataFrame(
        {
            "wave": "CIS4",
            "reference_year": 2004,
            "firm_id": [f"f{i}" for i in range(N)],
            "manufacturing": pd.array([True] * N, dtype="boolean"),
            "coop_suppliers": pd.array(a == 1, dtype="boolean"),
            "coop_universities": pd.array(b == 1, dtype="boolean"),
            "diversity": d,
            "rd_intensity": r,
            "log_employees": z,
            "profit_margin": y,
            "radical": np.clip(y - 12, 0, 100),
            **{f"asked_{block}": True for block in BLOCKS},
        }
    )


A, B, X, R = "coop_suppliers", "coop_universities", "diversity", "rd_intensity"
COLUMNS = {
    "pair": [A, B, f"{A}:{B}"],
    "breadth": [X, f"{X}^2"],
    "range": [A, R, f"{A}:{R}"],
}


def shaped_model(estimator="ols", outcome="profit_margin", **more):
    """Return a model that asks for complements, an inverted U and an effect over a range."""
    return model_of(
        {
            "title": "t",
            "sample": ["manufacturing"],
            "estimator": estimator,
            "outcomes": [outcome],
            "columns": COLUMNS,
            "controls": ["log_employees"],
            "covariance": ["HC1"],
            "practices": [[A, B]],
            "u_shape": [X],
            "profiles": [[A, R]],
            **more,
        }
    )


def shaped_findings():
    """Return what a run publishes of the model on these firms, through the gate."""
    panel, spec = made_up_firms(), shaped_model()
    found = estimate(panel, spec, country="BE", model="m", lag=2, bootstrap={"draws": 2, "seed": 1})
    gate = Gate(panel, Profile(title="t", text="t", minimum_cell=10))
    note_estimates(gate, found, spec, 1.0)
    told = told_estimates(gate, found, spec, ("table", "record"))
    settings = {**SETTINGS, "countries": {"BE": {"name": "Flanders", "waves": {"CIS4": {}}}}}
    return Findings(
        settings=settings,
        models={"m": spec},
        estimates=told.table,
        diagnostics=[told.diagnostics],
        claims=pd.DataFrame(),
        flow=pd.DataFrame(),
        quality=[],
        descriptions={},
    )
