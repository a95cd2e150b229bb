"""Firms whose partners cost and return what is known."""

import numpy as np
import pandas as pd

EQUATIONS = {
    "internal_investment": ["diversity"],
    "innovation_strength": ["diversity", "internal_investment"],
    "personnel_cost_share": ["diversity", "internal_investment", "innovation_strength"],
    "profit_margin": ["diversity", "innovation_strength", "personnel_cost_share"],
}


ABOUT = {
    "source": "diversity",
    "target": "profit_margin",
    "return_through": "innovation_strength",
    "cost_through": "personnel_cost_share",
}


TRUTH = {
    "internal_investment": {"diversity": 0.5},
    "innovation_strength": {"diversity": -0.2, "internal_investment": 0.8},
    "personnel_cost_share": {
        "diversity": 0.4,
        "internal_investment": 0.3,
        "innovation_strength": -0.1,
    },
    "profit_margin": {"diversity": -0.3, "innovation_strength": 0.4, "personnel_cost_share": -0.6},
}


def firms(n, seed, direct=-0.3, later=()):
    """Return firms that follow TRUTH, with the direct arrow and further lags as asked."""
    rng = np.random.default_rng(seed)
    data = {"diversity": rng.normal(size=n)}
    for target, sources in TRUTH.items():
        if target != "profit_margin":
            data[target] = sum(b * data[s] for s, b in sources.items()) + rng.normal(size=n)
    others = {k: b for k, b in TRUTH["profit_margin"].items() if k != "diversity"}
    base = sum(b * data[s] for s, b in others.items())
    for name, arrow in {"profit_margin": direct, **dict(later)}.items():
        data[name] = base + arrow * data["diversity"] + rng.normal(size=n)
        if "_lag" in name:
            data[name.replace("profit_margin", "personnel_cost_share")] = data[
                "personnel_cost_share"
            ]
    return pd.DataFrame(data)
