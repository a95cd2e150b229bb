"""What the tests of the estimators share."""

import numpy as np
import pandas as pd
import pytest
from tobit_samples import sample

from cisflow.estimators.tobit.model import Tobit


@pytest.fixture(scope="module")
def data():
    return sample()


@pytest.fixture(scope="module")
def fit(data):
    y, X = data
    return Tobit(y, X, 0, 2).fit()


@pytest.fixture
def table(data):
    y, X = data
    rng = np.random.default_rng(9)
    return pd.DataFrame(
        {
            "y": y,
            "a": X[:, 1],
            "b": X[:, 2],
            "yes": pd.array(rng.integers(0, 2, 400).astype(bool), dtype="boolean"),
            "industry": pd.Series(rng.choice(["food", "metal", "it"], 400), dtype="string"),
            "w": rng.uniform(1, 2, 400),
            "region": rng.integers(0, 25, 400),
        },
        index=rng.integers(0, 50, 400),  # a caller's index may repeat
    )


@pytest.fixture(scope="module")
def industries():
    """Twelve industries: one all at the lower limit, one at both limits with nothing between."""
    y, X = sample(900, seed=6)
    g = np.random.default_rng(6).integers(0, 12, 900)
    y = np.where(g == 4, 0, np.where(g == 7, 2.0 * (X[:, 1] > 0), y))
    table = {"y": y, "a": X[:, 1], "b": X[:, 2], "g": g, "region": g % 5 + 10 * (X[:, 2] > 0)}
    return pd.DataFrame(table)
