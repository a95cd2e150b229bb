"""The contracts of the canonical tables hold, and say in words what breaks them."""

import pandas as pd
import pytest

from cisflow.base.problems import CisflowError
from cisflow.study.canonical import ACCOUNT_COLUMNS, BLOCKS, FIRM_COLUMNS
from cisflow.survey.schema import account_schema, conforming, dtype_of, firm_schema, state_of


def _firms(**values):
    """Return two firm records that keep the contract, but for what is given."""
    columns = {c: pd.Series([None, None], dtype="object") for c in FIRM_COLUMNS}
    columns |= {c: [False, True] for c in FIRM_COLUMNS if c.startswith("asked_")}
    columns |= {"country": ["BE", "BE"], "wave": ["W", "W"], "reference_year": [2004, 2004]}
    columns |= {"firm_id": ["a", "b"], "weight": [1.0, 2.5], **values}
    return pd.DataFrame(columns).astype({c: dtype_of(c) for c in FIRM_COLUMNS})


def _accounts(**values):
    columns = {c: [1.0, 2.0] for c in ACCOUNT_COLUMNS}
    columns |= {"firm_id": ["a", "b"], "year": [2004, 2005], **values}
    return pd.DataFrame(columns).astype({c: dtype_of(c) for c in ACCOUNT_COLUMNS})


def test_records_without_a_fault_come_back_as_they_are():
    firms, accounts = _firms(), _accounts(profit_before_tax=[-5.0, 3.0])
    pd.testing.assert_frame_equal(conforming(firms, firm_schema(), "BE"), firms)
    pd.testing.assert_frame_equal(conforming(accounts, account_schema(), "BE"), accounts)


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"share_new": [101.0, -1.0]}, "share_new: fewer than 10 values outside 0 to 100"),
        (
            {"source_clients": [4.0, 1.0]},
            "source_clients: fewer than 10 values that are none of 0, 1, 2, 3",
        ),
        ({"weight": [0.0, 1.0]}, "weight: fewer than 10 values not above 0"),
        ({"turnover": [-1.0, 1.0]}, "turnover: fewer than 10 values below 0"),
        ({"firm_id": [None, "b"]}, "firm_id: fewer than 10 values that are blank"),
    ],
)
def test_what_breaks_the_contract_is_told_by_variable_and_count(values, told):
    with pytest.raises(CisflowError) as refused:
        conforming(_firms(**values), firm_schema(), "Belgium, wave W")
    assert str(refused.value).startswith("Belgium, wave W: 1 problem")
    assert told in str(refused.value)


def test_all_that_breaks_the_contract_is_told_at_once():
    with pytest.raises(CisflowError) as refused:
        conforming(_accounts(turnover=[-1.0, -2.0], employees=[-1.0, 1.0]), account_schema(), "BE")
    told = {problem.what for problem in refused.value.problems}
    assert told == {
        "turnover: fewer than 10 values below 0",
        "employees: fewer than 10 values below 0",
    }


def test_a_firm_is_there_once_per_wave():
    with pytest.raises(CisflowError):
        conforming(_firms(firm_id=["a", "a"]), firm_schema(), "BE")
    conforming(_firms(firm_id=["a", "a"], wave=["V", "W"]), firm_schema(), "BE")


def test_columns_in_another_order_or_besides_break_the_contract():
    firms = _firms()
    with pytest.raises(CisflowError):
        conforming(firms.assign(other=1), firm_schema(), "BE")
    with pytest.raises(CisflowError):
        conforming(firms[firms.columns[::-1]], firm_schema(), "BE")


def test_the_three_states_of_an_answer():
    partner = BLOCKS["partners"][0]
    firms = _firms(asked_partners=[False, True])
    assert state_of(firms, partner).tolist() == ["filtered", "missing"]
    firms[partner] = pd.Series([None, True], dtype="boolean")
    assert state_of(firms, partner).tolist() == ["filtered", "value"]
    # Outside every block a question was put to everyone.
    assert state_of(_firms(turnover=[None, 3.0]), "turnover").tolist() == ["missing", "value"]


@pytest.mark.parametrize(
    ("column", "dtype"),
    [
        ("firm_id", "string"),
        ("year", "int64"),
        ("asked_partners", "bool"),
        ("coop_any", "boolean"),
        ("turnover", "float64"),
    ],
)
def test_types_of_columns(column, dtype):
    assert dtype_of(column) == dtype
