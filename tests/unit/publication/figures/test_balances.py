import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from drawn import texts_of

from cisflow.publication.figures.balances import (
    _differences,
    decomposition_figure,
    groups_figure,
    lag_figure,
    steps_figure,
)
from cisflow.publication.figures.canvas import STYLE


def balance_row(findings, model, term, column="standardised", outcome="profit_margin"):
    e = findings.rows("BE", "CIS4", model)
    of = (e["term"] == term) & (e["column"] == column) & (e["outcome"] == outcome)
    return e[of & (e["cov_type"] == "bootstrap")].iloc[0]


def test_bars_are_the_paths_and_their_sums(synthetic):
    figure = decomposition_figure(synthetic, "BE", "CIS4", "two_year_balance")
    axes = figure.axes[0]
    names = [tick.get_text() for tick in axes.get_yticklabels()]
    assert names == [
        "Cost",
        "direct",
        "via Personnel costs",
        "Return",
        "via Innovation",
        "Balance",
    ]
    widths = dict(zip(names, [bar.get_width() for bar in axes.patches], strict=True))
    for term in ("cost", "return", "balance"):
        estimate = balance_row(synthetic, "two_year_balance", term)["estimate"]
        assert widths[term.capitalize()] == pytest.approx(estimate)


def test_groups_are_drawn_in_percentage_points_and_the_missing_ones_named(synthetic):
    figure = groups_figure(synthetic, "BE", "CIS4", "two_year_balance")
    drawn = figure.axes[0].containers[0].lines[0].get_xdata()
    cost = balance_row(synthetic, "two_year_balance", "cost", "raw | small")["estimate"]
    assert drawn[0] == pytest.approx(cost)
    texts = texts_of(figure)
    assert "High-tech firm (n.e.)" in texts
    assert any("Difference of balances: n.e." in text for text in texts)


def test_of_several_differences_each_names_its_groups():
    pairs = ["small minus large", "medium minus large"]
    numbers = {"term": "balance", "estimate": [1.0, -2.0], "ci_low": -3.0, "ci_high": 4.0}
    rows = pd.DataFrame({"column": [f"raw | {pair}" for pair in pairs], "group": pairs, **numbers})
    first, second = _differences(rows).splitlines()
    assert first.startswith("Small firm")
    assert " less " in first
    assert second.startswith("Medium")
    assert _differences(rows.head(1)).startswith("Difference of balances: 1.0")


def test_steps_are_drawn_in_percentage_points_and_the_missing_one_named(synthetic):
    with mpl.rc_context(STYLE):
        figure = steps_figure(synthetic, "BE", "CIS4", "portfolio_breadth")
    axes = figure.axes[0]
    names = [t.get_text() for t in axes.get_yticklabels()]
    assert names[0] == "Any cooperation"
    assert names[-1] == "7 or more types"
    assert [t.get_text().strip() for t in axes.texts] == ["n.e."]
    assert [t.get_text() for t in axes.get_legend().get_texts()] == ["Cost", "Return", "Balance"]
    row = balance_row(synthetic, "portfolio_breadth", "balance", "raw | partners_5_or_more")
    drawn = axes.containers[2].lines[0].get_xdata()
    assert drawn[4] == pytest.approx(row["estimate"])


def test_lags_that_could_not_be_estimated_are_marked(synthetic):
    figure = lag_figure(synthetic, "BE", "CIS4", "balance_by_lag")
    whole = figure.axes[2].get_lines()[1]
    assert len(whole.get_xdata()) == 7
    assert np.isnan(whole.get_ydata()[6])
    row = balance_row(synthetic, "balance_by_lag", "balance", outcome="profit_margin_lag3")
    assert whole.get_ydata()[3] == pytest.approx(row["estimate"])
    assert [t.get_text() for t in figure.axes[2].texts] == ["n.e."]
