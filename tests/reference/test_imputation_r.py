"""Multiple imputation against R's mice: imputation.R beside this file wrote its numbers."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cisflow.estimators import OLS
from cisflow.estimators.imputation import completed, pooled

HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def numbers():
    return json.loads((HERE / "imputation.json").read_text())


@pytest.mark.parametrize(("name", "infinite"), [("pooled", False), ("endless", True)])
def test_rubins_rules_are_those_of_mice(numbers, name, infinite):
    df = np.inf if infinite else numbers["dfcom"]
    found, theirs = pooled(numbers["estimates"], numbers["std_errors"], df), numbers[name]
    known = {"estimate": "estimate", "within": "ubar", "between": "b", "df": "df", "missing": "fmi"}
    for ours, of in known.items():
        np.testing.assert_allclose(getattr(found, ours), theirs[of], rtol=1e-9, err_msg=of)
    np.testing.assert_allclose(found.std_error, np.sqrt(theirs["t"]), rtol=1e-9)


def test_chained_equations_come_to_what_those_of_mice_come_to(numbers):
    """Other draws of the same law: means over 100 samples, within what the draws leave open.

    Both are far from the firms with every answer, whose intercept is biased by half a point.
    """
    firms = pd.read_csv(HERE / "imputation.csv")
    fits = [OLS("y ~ x + z", sample).fit() for sample in completed(firms, 100, 5)]
    found = pooled([fit.params for fit in fits], [fit.bse for fit in fits], fits[0].nobs - 3)
    theirs = {name: np.array(values) for name, values in numbers["many"].items()}
    apart = np.abs(found.estimate - theirs["estimate"])
    by_chance = 4 * np.sqrt(theirs["b"] * (1 / 100 + 1 / 200)) + 0.02
    assert (apart < by_chance).all()
    np.testing.assert_allclose(found.std_error, np.sqrt(theirs["t"]), rtol=0.1)
    # Of z the firms with every answer are no farther away than draws may be.
    far = np.abs(theirs["estimate"] - numbers["listwise"]) > by_chance
    assert far.tolist() == [True, True, False]
    assert (np.abs(found.estimate - numbers["listwise"]) > apart)[far].all()
