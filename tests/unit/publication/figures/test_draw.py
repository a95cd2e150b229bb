from itertools import combinations

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest
from made_up_findings import NO_ACCOUNTS, SETTINGS, make_findings

from cisflow.publication.figures.balances import (
    decomposition_figure,
    groups_figure,
    lag_figure,
    steps_figure,
)
from cisflow.publication.figures.canvas import STYLE
from cisflow.publication.figures.draw import figure_names, make_figures, save_figure
from cisflow.publication.figures.paths import (
    HALF_HEIGHT,
    LABEL,
    _ends,
    label_positions,
    layout,
    path_figure,
    placed,
)
from cisflow.publication.figures.regressions import coefficient_figure, outcome_figure


@pytest.fixture(scope="module")
def synthetic():
    return make_findings(SETTINGS)


@pytest.fixture(scope="module")
def real():
    return make_findings(NO_ACCOUNTS)


@pytest.fixture(scope="module")
def all_synthetic(synthetic):
    return make_figures(synthetic)


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


def texts_of(figure) -> list[str]:
    return [t.get_text() for t in figure.findobj(mpl.text.Text) if t.get_text()]


def test_names_are_known_before_anything_is_estimated(synthetic, all_synthetic):
    assert list(all_synthetic) == figure_names(synthetic.settings, synthetic.models)
    for name, figure in all_synthetic.items():
        assert any("SYNTHETIC" in text for text in texts_of(figure)), name


def test_figures_of_real_data_carry_no_stamp(real):
    for figure in make_figures(real).values():
        assert not any("SYNTHETIC" in text for text in texts_of(figure))


DIAGRAMS = ["faems2010_direct", "faems2010_personnel", "faems2010_union"]


@pytest.mark.parametrize("model", DIAGRAMS)
def test_no_two_labels_of_a_path_diagram_overlap(synthetic, model):
    with mpl.rc_context(STYLE):
        figure = path_figure(synthetic, "BE", "CIS4", model)
        figure.draw_without_rendering()
        texts = [t for t in figure.axes[0].texts if t.get_text()]
        boxes = [t.get_window_extent().padded(-1) for t in texts]
    # five boxes and one coefficient per arrow
    arrows = sum(map(len, synthetic.models[model]["equations"].values()))
    assert len(texts) == 5 + arrows
    overlapping = [
        (a.get_text(), b.get_text())
        for (a, box_a), (b, box_b) in combinations(zip(texts, boxes, strict=True), 2)
        if box_a.overlaps(box_b)
    ]
    assert overlapping == []


@pytest.mark.parametrize("model", DIAGRAMS)
def test_box_texts_stay_within_their_boxes(synthetic, model):
    with mpl.rc_context(STYLE):
        figure = path_figure(synthetic, "BE", "CIS4", model)
        figure.draw_without_rendering()
        axes = figure.axes[0]
        boxes = [p.get_window_extent() for p in axes.patches if p.get_facecolor()[0] > 0.9]
        names = [t for t in axes.texts if t.get_zorder() == 4]
        for text in names:
            extent = text.get_window_extent()
            assert any(
                box.x0 <= extent.x0 and extent.x1 <= box.x1 and box.y0 <= extent.y0 for box in boxes
            ), text.get_text()


def test_every_letter_is_eight_points_or_more(all_synthetic):
    for name, figure in all_synthetic.items():
        sizes = [t.get_fontsize() for t in figure.findobj(mpl.text.Text) if t.get_text()]
        assert min(sizes) >= 8, name


def test_boxes_stand_to_the_right_of_their_sources():
    equations = (("b", ("a",)), ("c", ("a", "b")), ("d", ("c", "a")))
    at, half_width = layout(equations)
    for target, sources in equations:
        for source in sources:
            assert at[target][0] - at[source][0] > 2 * half_width


def test_labels_on_crossing_lines_move_apart():
    (x0, y0), (x1, y1) = label_positions([((0, 0), (4, 2)), ((0, 2), (4, 0))], [])
    assert abs(x0 - x1) > 0.6 or abs(y0 - y1) > 0.2


def test_a_model_that_cannot_be_estimated_is_drawn_with_the_reason(real):
    texts = texts_of(path_figure(real, "NG", "2010", "faems2010_direct"))
    assert texts.count("n.e.") == 7
    assert any("no accounts" in text for text in texts)


def test_arrows_carry_their_intervals(synthetic):
    texts = texts_of(path_figure(synthetic, "BE", "CIS4", "faems2010_direct"))
    e = synthetic.rows("BE", "CIS4", "faems2010_direct")
    of = (e["column"] == "standardised") & (e["term"] == "diversity")
    row = e[of & (e["outcome"] == "internal_investment")].iloc[0]
    bounds = f"[{row['ci_low']:.2f}, {row['ci_high']:.2f}]".replace("-", "−")
    assert [text for text in texts if text.endswith(f"\n{bounds}")]


def share_hidden(label, line):
    """Return the share of an arrow that its label covers."""
    points = np.linspace(line[0], line[1], 200)
    close = np.abs(points - np.array(label)) < np.array(LABEL) / 2
    return close.all(axis=1).mean()


@pytest.mark.parametrize(("given", "most"), [(True, 0.0), (False, 0.35)])
@pytest.mark.parametrize("model", DIAGRAMS)
def test_labels_leave_their_arrows_in_sight(synthetic, model, given, most):
    spec = synthetic.models[model]
    equations = spec["equations"]
    chosen = layout(tuple((t, tuple(s)) for t, s in equations.items()))
    at, half_width = placed(spec["layout"]) if given else chosen
    pairs = [(s, t) for t, sources in equations.items() for s in sources]
    lines = [_ends(at[s], at[t], half_width) for s, t in pairs]
    boxes = [(x, y, half_width, HALF_HEIGHT) for x, y in at.values()]
    labels = label_positions(lines, boxes)
    hidden = [share_hidden(*pair) for pair in zip(labels, lines, strict=True)]
    assert max(hidden) <= most, dict(zip(pairs, hidden, strict=True))
    if given:
        for i, label in enumerate(labels):
            others = [share_hidden(label, line) for j, line in enumerate(lines) if j != i]
            assert max(others) == 0, pairs[i]


def test_readings_of_one_figure_have_their_boxes_in_the_same_places(synthetic):
    def places(model):
        with mpl.rc_context(STYLE):
            figure = path_figure(synthetic, "BE", "CIS4", model)
        texts = [t for t in figure.axes[0].texts if t.get_zorder() == 4]
        return {t.get_text(): t.get_position() for t in texts}

    first = places("faems2010_direct")
    assert first["Profit margin"][0] > first["Innovation\nstrength"][0]
    assert places("faems2010_personnel") == places("faems2010_union") == first


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
    assert drawn[0] == pytest.approx(100 * cost)
    texts = texts_of(figure)
    assert "High-tech firm (n.e.)" in texts
    assert any("Difference of balances: n.e." in text for text in texts)


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
    assert drawn[4] == pytest.approx(100 * row["estimate"])


def test_lags_that_could_not_be_estimated_are_marked(synthetic):
    figure = lag_figure(synthetic, "BE", "CIS4", "balance_by_lag")
    whole = figure.axes[2].get_lines()[1]
    assert len(whole.get_xdata()) == 7
    assert np.isnan(whole.get_ydata()[6])
    row = balance_row(synthetic, "balance_by_lag", "balance", outcome="profit_margin_lag3")
    assert whole.get_ydata()[3] == pytest.approx(row["estimate"])
    assert [t.get_text() for t in figure.axes[2].texts] == ["n.e."]


def test_coefficients_are_drawn_where_they_were_estimated(synthetic):
    figure = coefficient_figure(synthetic, "BE", "CIS2", "faems2005")
    e = synthetic.rows("BE", "CIS2", "faems2005")
    of = (e["column"] == "partners") & (e["cov_type"] == "HC1") & (e["outcome"] == "incremental")
    found = e[of].set_index("term")["estimate"]
    drawn = figure.axes[0].containers[0].lines[0].get_xdata()
    assert drawn[0] == pytest.approx(found["coop_group"])
    assert [t.get_text() for t in figure.axes[0].texts] == ["n.e.", "n.e."]


def test_withheld_classes_carry_a_sign(synthetic):
    figure = outcome_figure(synthetic, "BE", "CIS2", "faems2005")
    cells = synthetic.description("BE", "CIS2", "faems2005")["distributions"]["incremental"]
    signs = [t.get_text() for t in figure.axes[0].texts]
    assert [sign == "c" for sign in signs] == [cell["suppressed"] for cell in cells]


def test_saved_figures_are_the_same_bytes_again(synthetic, tmp_path):
    for folder in ("one", "two"):
        save_figure(
            path_figure(synthetic, "BE", "CIS4", "faems2010_direct"), tmp_path / folder, "f"
        )
    for ending in ("png", "svg"):
        one, two = ((tmp_path / f / f"f.{ending}").read_bytes() for f in ("one", "two"))
        assert one == two, ending
