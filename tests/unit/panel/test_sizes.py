"""Size classes: those of the survey's population, micro firms never among the small ones."""

import numpy as np
import pandas as pd
import pytest

from cisflow.panel.rates import cooperation_rates
from cisflow.panel.sizes import SIZES, bands_of, size_of
from cisflow.study.canonical import PARTNERS


def _firms(employees=None, classes=None):
    n = len(classes if employees is None else employees)
    return pd.DataFrame(
        {
            "employees": [np.nan] * n if employees is None else employees,
            "size_class": pd.Series([pd.NA] * n if classes is None else classes, dtype="string"),
        }
    )


def test_a_survey_of_ten_employees_and_more_has_the_three_classes():
    assert bands_of(_firms([10, 49, 250])) == SIZES
    assert bands_of(_firms([10, 49, 250]), 10) == SIZES


@pytest.mark.parametrize(
    ("least", "name"),
    [(1, "1-9"), (5, "5-9"), (0, "below 10"), (None, "below 10"), (10, "below 10")],
)
def test_micro_firms_are_a_class_of_their_own(least, name):
    firms = _firms([5, 9, 10, 49])
    bands = bands_of(firms, least)
    assert list(bands) == [name, *SIZES]
    assert size_of(firms, bands).tolist() == [name, name, "10-49", "10-49"]


def test_a_population_that_begins_below_ten_says_so_though_no_such_firm_answered():
    assert next(iter(bands_of(_firms([20, 30]), 5))) == "5-9"


def test_micro_firms_are_in_no_class_of_a_survey_without_them():
    assert size_of(_firms([5, 12])).tolist() == ["", "10-49"]


def test_classes_of_the_survey_lie_in_those_of_the_tables():
    classes = pd.Series(["5-9", "10-19", "20-49", "50+", "250+", "10-249", None, "1-9"])
    firms = _firms(classes=classes.astype("string"))
    bands = bands_of(firms)
    micro = "below 10"
    assert list(bands) == [micro, *SIZES]
    expected = [micro, "10-49", "10-49", "", "250+", "", "", micro]
    assert size_of(firms, bands).tolist() == expected


def test_the_number_of_employees_goes_before_the_class():
    classes = pd.Series(["50-249", "50-249"]).astype("string")
    assert size_of(_firms([12, np.nan], classes)).tolist() == ["10-49", "50-249"]


def test_rates_of_small_firms_are_not_those_of_micro_firms():
    firms = _firms([5.0] * 4 + [20.0] * 4).assign(
        wave="W",
        section="D",
        manufacturing=pd.array([True] * 8, dtype="boolean"),
        innovation_active=pd.array([True] * 8, dtype="boolean"),
        asked_cooperation=True,
        weight=1.0,
        stratum=pd.Series(pd.NA, index=range(8), dtype="string"),
        **{f"coop_{p}": pd.array([pd.NA] * 8, dtype="boolean") for p in PARTNERS},
        coop_any=pd.array([True] * 4 + [False] * 4, dtype="boolean"),
    )
    rates = {r.size: r.rate for r in cooperation_rates(firms, {"W": 5}) if r.sector == "total"}
    assert rates["total"] == 50
    assert (rates["5-9"], rates["10-49"]) == (100, 0)
