"""Tables of complements, inverted U and thirds say what the estimates do, and nothing else."""

import pytest
from shaped_firms import A, B, R, X, shaped_findings

from cisflow.publication.tables.shapes import complements_table, thirds_table, u_shape_table
from cisflow.publication.words import label


@pytest.fixture(scope="module")
def findings():
    return shaped_findings()


def estimate(findings, term):
    rows = findings.main_rows("BE", "CIS4", "m")
    return rows[rows["term"] == term]["estimate"].iloc[0]


def test_complements(findings):
    table = complements_table(findings, "BE", "m")
    heading = "Profit margin: Suppliers and universities"
    rows = table.frame.loc[heading]["CIS4"]
    assert list(rows.index) == [
        "Suppliers alone",
        "Universities alone",
        "Both",
        "Gain of the pair",
        "Complements (p)",
        "Substitutes (p)",
        "Reading",
    ]
    assert rows["Reading"] == "strict complements"
    gain = estimate(findings, f"complements({A}, {B})")
    assert rows["Gain of the pair"].startswith(f"{gain:.1f}***")
    assert "Kodde and Palm" in table.notes


def test_inverted_u(findings):
    table = u_shape_table(findings, "BE")
    rows = table.frame.loc["Profit margin: diversity of technology alliance portfolio"]["CIS4"]
    slope = estimate(findings, f"slope_low({X})")
    assert rows["Slope at the low end"].startswith(f"{slope:.2f}***")
    assert rows["Slope at the low end"].endswith("(at 0)")
    assert rows["Inverted U (p)"] == "< 0.001"
    assert rows["Turning point"].startswith(("3.", "4."))


def test_thirds(findings):
    table = thirds_table(findings, "BE", "m")
    rows = table.frame.iloc[:, 0]
    assert [row for _, row in table.frame.index] == [
        "Low third",
        "Middle third",
        "High third",
        "High less low third",
    ]
    difference = estimate(findings, f"effect({A}, high minus low {R})")
    assert rows.iloc[3].startswith(f"{difference:.2f}***")


def test_labels():
    assert label("inverted_u(diversity)").startswith("Diversity: inverted U")
    assert label(f"strategy({A}, {B})") == "Suppliers and universities, against none"
    assert label(f"complements({A}, {B} | coop_clients)").endswith("(with clients)")
    effect = label(f"effect({A}, high minus low {R})")
    assert effect == "Suppliers, high less low third of R&D intensity"
