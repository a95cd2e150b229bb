"""A later wave's codebook states what an earlier one does not, if that says the same."""

from dataclasses import replace

from cisflow.assist.drafting.difference import beyond
from cisflow.assist.drafting.opening import COMMON, Draft

BEFORE = Draft(
    extends=COMMON,
    head={"reference_year": 2014, "codes": {"yes_no": {"1": "yes", "2": "no"}}},
    variables={
        "firm_id": {"name": "ID"},
        "turnover": {"name": "TURN14"},
        "coop_any": {"name": "CO"},
        "export": {"name": "EXP"},
    },
)
LATER = replace(
    BEFORE,
    head={**BEFORE.head, "reference_year": 2016},
    variables={
        "firm_id": {"name": "ID"},
        "turnover": {"name": "TURN16"},
        "coop_any": {"name": "CO"},
    },
)


def test_what_is_the_same_is_taken_over():
    made = beyond(LATER, BEFORE, "national/xx2014")
    assert made.extends == "national/xx2014"
    assert made.head == {"reference_year": 2016}
    assert made.variables == {"turnover": {"name": "TURN16"}, "export": None}
    assert made.taken_over == ["coop_any", "firm_id"]


def test_neither_draft_is_changed():
    beyond(LATER, BEFORE, "national/xx2014")
    assert "export" in BEFORE.variables
    assert "export" not in LATER.variables


def test_a_wave_with_other_names_stands_alone():
    other = replace(LATER, variables={v: {"name": f"Q{v}"} for v in LATER.variables})
    assert beyond(other, BEFORE, "national/xx2014") is None


def test_codes_that_are_gone_cannot_be_laid_over():
    assert beyond(replace(LATER, head={"reference_year": 2016}), BEFORE, "national/xx2014") is None


def test_a_codebook_of_another_family_is_not_taken_over():
    made = replace(LATER, extends="eurostat/cis2016")
    assert beyond(made, BEFORE, "national/xx2014") is None
