from dataclasses import replace

from made_up_findings import SETTINGS, make_findings

from cisflow.claims.verdicts import CLAIMS
from cisflow.publication.tables.claims import claims_table
from cisflow.study.verdicts import ONE_FIRM


def test_claims_are_counted_where_places_are_many(synthetic):
    waves = {f"CIS{i}": {} for i in range(6)}
    settings = {**SETTINGS, "countries": {"BE": {"name": "Flanders", "waves": waves}}}
    table = claims_table(make_findings(settings))
    assert "Supported" in table.frame.columns
    assert table.frame["Supported"].iloc[0] == "6"


def test_a_verdict_says_what_it_rests_on(synthetic):
    claims = synthetic.claims.copy()
    at = (claims["claim"] == "C1") & (claims["wave"] == "CIS4")
    facts = {"unit": "points of turnover", "firms_with": 150, "firms_without": 217, "mde": 10.2}
    facts |= {"turned_by_one": 2, "code": ONE_FIRM, "p_test": 0.029, "p_holm": 0.17, "p_rw": 0.15}
    facts |= {"rejected": "normality", "alternatives": "two_part: inconclusive", "n_needed": 4600}
    facts |= {"truth": 5.0, "recovered": "no"}
    for name, value in facts.items():
        claims.loc[at, name] = value
    cell = claims_table(replace(synthetic, claims=claims)).frame.iloc[0, 1]
    for text in (
        "points of turnover",
        "n = 221, 150 with, 217 without",
        "turned by 2 single firms; rejected by normality; two part: inconclusive",
        "p 0.029, Holm 0.170, Romano–Wolf 0.150",
        "detectable: 10.2",
        "n that could decide: 4,600",
        "truth 5.0, outside the interval",
    ):
        assert text in " ".join(cell.split("\n")), text


def test_a_file_without_claims_gives_a_table_that_says_so(synthetic):
    table = claims_table(replace(synthetic, claims=CLAIMS.frame([])))
    assert list(table.frame.index) == ["The claims file states no claim."]
