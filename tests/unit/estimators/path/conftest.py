"""What the tests of path models share."""

import numpy as np
import pytest
from path_samples import draw


@pytest.fixture(scope="module")
def firms():
    data = draw(400, 1)
    rng = np.random.default_rng(2)
    data["industry"] = rng.integers(0, 8, 400)
    data["region"] = rng.choice(["west", "north", "east"], 400)
    data["w"] = rng.integers(1, 5, 400)
    return data


@pytest.fixture(scope="module")
def gaps(firms):
    """Margins are missing where p is low, which listwise deletion gets wrong."""
    data = firms.copy()
    data.loc[data["p"] < -0.5, "m"] = np.nan
    data.loc[::9, "i"] = np.nan
    data.loc[4::50, "d"] = np.nan
    return data
