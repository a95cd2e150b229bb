"""Curves through the gate: classes with few firms, and tests on coefficients that are withheld."""

import pandas as pd

from cisflow.estimation.shapes import SHAPES
from cisflow.release.gate import Gate
from cisflow.release.shapes import note_shapes, told_shapes
from cisflow.study.disclosure import Profile

KEY = ("fit", "m", "W", "radical", "range")
CURVE = {
    "kind": "effect",
    "of": ["a", "r"],
    "parts": ["a", "a:r"],
    "bins": [
        {"low": 0.0, "high": 1.0, "rows": list(range(60))},
        {"low": 1.0, "high": 2.0, "rows": list(range(60, 64))},
        {"low": 2.0, "high": 3.0, "rows": list(range(64, 90))},
    ],
}
TEST = {"kind": "inverted_u", "of": ["d"], "parts": ["d", "d^2"], "p_value": 0.2}


def told(hidden=()):
    panel = pd.DataFrame({"wave": ["W"] * 100, "firm_id": range(100)})
    gate = Gate(panel, Profile(title="t", text="t", minimum_cell=10))
    record = {SHAPES: [CURVE, TEST]}
    gate.note(KEY, range(100))
    note_shapes(gate, KEY, record, 1.0)
    gate.opened("f", "k", "p")
    return told_shapes(gate, KEY, record, hidden, "f", "here")


def test_a_class_of_few_firms_is_withheld_and_no_row_is_told():
    curve, test = told()
    assert [some["firms"] for some in curve["bins"]][1] is None
    assert curve["bins"][0]["firms"] == 60
    assert "rows" not in str(curve)
    assert test == TEST


def test_what_rests_on_a_withheld_coefficient_is_not_told():
    assert told(hidden={"a:r"}) == [TEST]
    assert [one["kind"] for one in told(hidden={"d^2"})] == ["effect"]
