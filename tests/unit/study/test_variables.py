"""The kinds of variables known to the study are those of the panels that are built."""

import pandas as pd
import pytest
from pandas.api.types import is_bool_dtype, is_numeric_dtype

from cisflow.base.documents import read_yaml
from cisflow.panel.attrition import WEIGHT
from cisflow.panel.build import PANEL_COLUMNS, build_panel
from cisflow.panel.constructs import CONSTRUCTS
from cisflow.panel.ratios import RATIOS
from cisflow.study.canonical import FIRM_COLUMNS
from cisflow.study.variables import ACCOUNTS_WEIGHT, RATIO_NAMES, RESEARCH, Kind, panel_kinds
from cisflow.survey.schema import dtype_of


@pytest.fixture
def industries(root):
    return read_yaml(root / "config/nace.yaml")


def test_names_are_those_of_the_panel():
    assert set(panel_kinds([], {})) == {*PANEL_COLUMNS, WEIGHT}
    assert set(RESEARCH) == set(CONSTRUCTS)
    assert tuple(RATIOS) == RATIO_NAMES
    assert ACCOUNTS_WEIGHT == WEIGHT
    assert {"profit_margin_lag3", "accounts_weight_lag3"} <= set(panel_kinds([3], {}))


def test_kinds_are_those_of_the_columns(industries):
    firms = pd.DataFrame({c: pd.Series([None] * 3, dtype="object") for c in FIRM_COLUMNS})
    known = {"country": "BE", "wave": "W", "reference_year": 2004, "firm_id": ["a", "b", "c"]}
    firms = firms.assign(**known, **{c: True for c in FIRM_COLUMNS if c.startswith("asked_")})
    firms = firms.astype({c: dtype_of(c) for c in FIRM_COLUMNS})
    panel = build_panel([firms], None, 2, industries)
    kinds = panel_kinds([], {})
    for column in panel:
        kind = kinds[column]
        flag = is_bool_dtype(panel[column])
        number = is_numeric_dtype(panel[column]) and not flag
        assert flag == (kind == Kind.FLAG), column
        assert number == (kind in (Kind.AMOUNT, Kind.SCALE)), column


def test_constructs_of_the_user_stand_beside_them():
    assert panel_kinds([], {"mine": Kind.FLAG})["mine"] == Kind.FLAG
