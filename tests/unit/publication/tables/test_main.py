from dataclasses import replace

import pytest

from cisflow.publication.tables.main import main_table, verdict_table
from cisflow.publication.words import measured, stars
from cisflow.study.verdicts import NOT_RUN


def test_effects_of_interest_stand_by_outcome_and_wave(synthetic):
    table = main_table(synthetic, country="BE", model="faems2005").frame
    rows = synthetic.main_rows("BE", "CIS4", "faems2005", "observed")
    of = (rows["outcome"] == "radical") & (rows["column"] == "grouped")
    row = rows[of & (rows["term"] == "coop_exploratory")].iloc[0]
    outcome = next(head for head, wave in table.columns if head.startswith("Radical"))
    cell = table.loc[("Partner groups", "Universities or public research"), (outcome, "CIS4")]
    shown = measured(row["estimate"], row["std_error"]) + stars(row["p_value"])
    assert cell.split("\n")[0] == shown
    assert "Employees (log)" not in {row for _, row in table.index}


def test_every_claim_has_a_row_for_each_place(synthetic):
    table = verdict_table(synthetic).frame
    claims = synthetic.claims.drop_duplicates(["claim", "country", "wave"])
    claims = claims[claims["verdict"] != NOT_RUN]
    assert len(table) == len(claims)
    assert [head.partition(".")[0] for head, _ in table.index] == list(
        claims.sort_values("claim", key=lambda c: c.map(list(claims["claim"].unique()).index))[
            "claim"
        ]
    )


def test_claims_without_an_estimate_say_their_verdict_alone(synthetic):
    claims = synthetic.claims.iloc[:1].assign(estimate=float("nan"), verdict="not estimable")
    table = verdict_table(replace(synthetic, claims=claims)).frame
    assert table["Verdict"].iloc[0].replace("\u00a0", " ") == "Not estimable"
    assert table["Effect"].iloc[0] == ""


def test_of_claims_of_several_parts_the_one_shown_is_named(synthetic):
    claims = synthetic.claims.iloc[:2].assign(part="radical innovation on cooperation")
    claims = claims.assign(outcome="radical", term="coop_any", estimate=1.0, claim=["C1", "C2"])
    notes = verdict_table(replace(synthetic, claims=claims)).notes
    told = "C1: radical innovation on any cooperation; C2: radical innovation on any cooperation"
    assert (
        f"Of a claim of several parts the one that decides its verdict is shown ({told})." in notes
    )
    whole = replace(synthetic, claims=claims.assign(part=""))
    assert "several parts" not in verdict_table(whole).notes


@pytest.mark.parametrize(("x", "error", "text"), [(-0.004, 0.31, "0.00"), (2.345, 1.2, "2.3")])
def test_digits_go_as_far_as_the_standard_error(x, error, text):
    assert measured(x, error) == text
