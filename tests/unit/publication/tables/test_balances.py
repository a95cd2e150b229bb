from cisflow.publication.tables.balances import balance_table
from cisflow.publication.words import number


def test_a_balance_shows_its_parts_by_group(synthetic):
    table = balance_table(synthetic, "BE", "CIS4", "two_year_balance")
    assert [head for head, _ in table.frame.columns] == [
        "All",
        *["Small firm"] * 3,
        *["High-tech firm"] * 3,
    ]
    e = synthetic.rows("BE", "CIS4", "two_year_balance")
    raw = e[(e["column"] == "raw | small") & (e["term"] == "cost")].iloc[0]
    block = table.frame.xs(table.frame.index[-1][0])
    assert block.loc["Cost", ("Small firm", "Yes")].startswith(number(raw["estimate"]))
    whole = table.frame.loc["Standardised"]
    assert whole.loc["P(cost > return)", ("All", "firms")] == "0.910"
    assert whole.loc["P(cost > return)", ("Small firm", "Difference")] == ""
    assert whole.loc["Cost", ("High-tech firm", "Yes")] == "n.e."
    assert "fewer than 30 firms" in table.notes


def test_steps_of_a_balance_stand_side_by_side(synthetic):
    table = balance_table(synthetic, "BE", "CIS4", "portfolio_breadth")
    assert list(table.frame.columns)[:2] == ["Any cooperation", "2 or more types"]
    heading = "Raw: profit margin in percentage points, effect of each step"
    assert table.frame.loc[(heading, "Balance"), "7 or more types"] == "n.e."
    rows = synthetic.rows("BE", "CIS4", "portfolio_breadth")
    of = (rows["column"] == "raw | partners_5_or_more") & (rows["cov_type"] == "bootstrap")
    row = rows[of & (rows["term"] == "cost: direct")].iloc[0]
    cell = table.frame.loc[(heading, "– direct"), "5 or more types"]
    assert cell.startswith(number(row["estimate"]))
    assert "one more type of partner" in table.notes


def test_a_scan_of_lags_has_a_column_for_each(synthetic):
    table = balance_table(synthetic, "BE", "CIS4", "balance_by_lag")
    assert [lag for _, lag in table.frame.columns] == [str(lag) for lag in range(7)]
    assert set(table.frame[("Years after the survey", "6")]) == {"n.e."}
    assert "it does not turn" in table.notes
    assert {heading.split(".")[0] for heading, _ in table.frame.index} == {
        "All firms",
        "Small firm",
        "Not small firm",
    }
