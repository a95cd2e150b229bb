"""Of a specification curve its median is pooled over countries, not single specifications."""

import pytest
from specs import model_of

from cisflow.estimation.estimates import ESTIMATES, JOINT
from cisflow.estimation.pooling.pool import pool
from cisflow.study.settings import Pool

SPEC = {
    "estimator": "curve",
    "limits": [0, 100],
    "outcomes": ["radical"],
    "columns": {"curve": ["coop_any"]},
    "choices": {"estimator": ["tobit", "ols"]},
}


def test_the_median_is_pooled_and_nothing_else():
    rows = [
        {
            "country": country,
            "wave": "W",
            "model": "c",
            "outcome": "radical",
            "term": "coop_any",
            "status": "estimated",
            "n": 100,
            "column": column,
            "quantity": quantity,
            "estimate": estimate,
            "std_error": 1.0 if quantity == "observed" else None,
        }
        for country, estimate in (("BE", 2.0), ("NL", 4.0), ("DE", 3.0))
        for column, quantity in (
            ("curve: as asked | all | all | together | none | tobit | none", "observed"),
            ("curve", "observed"),
            ("curve", JOINT),
        )
    ]
    models = {"c": model_of(SPEC)}
    found = pool(ESTIMATES.frame(rows), models, Pool(), {c: {} for c in ("BE", "NL", "DE")})
    assert set(zip(found.table["column"], found.table["quantity"], strict=True)) == {
        ("curve", "observed")
    }
    assert found.table["estimate"].iloc[0] == pytest.approx(3.0)
