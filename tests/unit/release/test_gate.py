"""The gate keeps a book of sets of firms, and of what of them was shown and withheld."""

import numpy as np
import pandas as pd
import pytest

from cisflow.release.gate import Gate
from cisflow.release.quality import told_quality
from cisflow.study.disclosure import UNRESTRICTED, Profile


@pytest.fixture
def gate():
    return Gate(pd.DataFrame(index=range(100)), Profile(title="t", text="t", minimum_cell=10))


def test_small_groups_and_small_differences_are_withheld(gate):
    gate.note("all", range(100), cost=2)
    gate.note("most", range(95))
    gate.note("half", range(50))
    gate.note("few", range(5))
    assert gate.why("few")
    assert gate.why("most", "half")
    assert gate.why("all", "half") == ""


def test_where_all_answer_alike_no_share_is_told(gate):
    firms = gate.mask(range(40))
    gate.note_answers("alike", firms, firms, cost=1)
    gate.note_answers("split", firms, gate.mask(range(20)), cost=1)
    weight = np.ones(40)
    assert "alike" in gate.why_answers("alike", weight)
    assert gate.why_answers("split", weight) == ""


def test_two_flags_are_a_table_whose_cells_are_counted(gate):
    x = np.repeat([0.0, 1.0], 50)
    nearly = np.where(np.arange(100) == 99, 0.0, x)
    assert "cell" in gate.why_together(x, nearly, np.ones(100))
    assert gate.why_together(x, np.tile([0.0, 1.0], 50), np.ones(100)) == ""


def test_the_register_holds_what_was_shown_and_what_was_not(gate):
    gate.opened("rates.csv", "rates", "firms")
    assert gate.decided("rates.csv", "here", "rate", "")
    assert not gate.decided("rates.csv", "there", "rate", "too few firms")
    entry = gate.register["rates.csv"]
    assert entry["shown"] == 1
    assert entry["withheld"] == [{"place": "there", "statistic": "rate", "why": "too few firms"}]


def test_counts_of_answers_are_rounded_but_years_and_checks_of_files_are_not(gate):
    record = {
        "country": "BE",
        "wave": "CIS4",
        "rows": 1234,
        "reference_year": 2004,
        "variables": {"export": {"valid": 6, "missing": 4, "share": 0.5}},
        "checks": {"of_all": {"failed": 3, "whole_file": True}},
    }
    told = told_quality(gate, record, "q.json")
    assert (told["rows"], told["reference_year"], told["rounded_to"]) == (1230, 2004, 10)
    assert told["variables"]["export"] == {"valid": 10, "missing": 0, "share": 0.5}
    assert told["checks"] == record["checks"]
    open_to_all = Gate(gate.panel, UNRESTRICTED)
    assert told_quality(open_to_all, record, "q.json") == record
