"""Balance and overlap: one panel of either per column of a model."""

from cisflow.publication.figures.overlap import _one_per_column

FIT = {"balance": {"x": {"before": 1, "after": 0}}, "overlap": {"edges": [0, 1]}}


def test_each_column_is_drawn_once():
    fits = [
        {**FIT, "column": "a", "outcome": "incremental"},
        {**FIT, "column": "a", "outcome": "radical"},
        {"column": "b", "note": "no overlap"},
    ]
    assert _one_per_column(fits, ["a", "b"]) == fits[:1]
