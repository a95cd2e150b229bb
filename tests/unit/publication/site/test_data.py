"""What the page says of the data."""


def test_codebooks_are_counted_by_how_sure_they_are(facts):
    grid = facts["codebooks"]
    assert grid.heads[2:] == ("From a public document",)
    assert [row[0].rpartition(", ")[2] for row in grid.rows] == ["CIS2", "CIS4", "accounts"]
    assert {row[2] for row in grid.rows} == {"3"}  # one of four is not in the questionnaire
