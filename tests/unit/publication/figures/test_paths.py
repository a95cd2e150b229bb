from itertools import combinations

import matplotlib as mpl
import numpy as np
import pytest
from drawn import texts_of

from cisflow.publication.figures.canvas import STYLE
from cisflow.publication.figures.paths import (
    HALF_HEIGHT,
    LABEL,
    _ends,
    label_positions,
    layout,
    path_figure,
    placed,
)

DIAGRAMS = ["faems2010_direct", "faems2010_personnel", "faems2010_union"]


@pytest.mark.parametrize("model", DIAGRAMS)
def test_no_two_labels_of_a_path_diagram_overlap(synthetic, model):
    with mpl.rc_context(STYLE):
        figure = path_figure(synthetic, "BE", "CIS4", model)
        figure.draw_without_rendering()
        texts = [t for t in figure.axes[0].texts if t.get_text()]
        boxes = [t.get_window_extent().padded(-1) for t in texts]
    # five boxes and one coefficient per arrow
    arrows = sum(map(len, synthetic.models[model].equations.values()))
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
    equations = spec.equations
    chosen = layout(tuple((t, tuple(s)) for t, s in equations.items()))
    at, half_width = placed(spec.layout) if given else chosen
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
