"""Balance and overlap: one panel of either per column of a model."""

import matplotlib.pyplot as plt

from cisflow.publication.figures.overlap import _differences, _one_per_column

FIT = {"balance": {"x": {"before": 1, "after": 0}}, "overlap": {"edges": [0, 1]}}


def test_each_column_is_drawn_once():
    fits = [
        {**FIT, "column": "a", "outcome": "incremental"},
        {**FIT, "column": "a", "outcome": "radical"},
        {"column": "b", "note": "no overlap"},
    ]
    assert _one_per_column(fits, ["a", "b"]) == fits[:1]


def test_a_difference_that_may_not_be_told_carries_a_sign_and_no_mark():
    figure, axes = plt.subplots()
    known, withheld = {"before": -0.4, "after": 0.1}, {"before": None, "after": None}
    _differences(axes, {"x": known, "y": withheld})
    assert {text.get_text() for text in axes.texts} == {"c"}
    drawn = [points.get_offsets().compressed().tolist() for points in axes.collections]
    assert drawn == [[0.4, 0.0], [0.1, 0.0]]
    plt.close(figure)
