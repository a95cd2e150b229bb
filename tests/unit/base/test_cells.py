"""Frequency tables that are shown on a screen, and not published."""

import pandas as pd

from cisflow.base.cells import suppress_small_cells


def cells(*firms: int) -> pd.DataFrame:
    return pd.DataFrame({"cell": range(len(firms)), "firms": firms})


def test_cells_large_enough_and_empty_cells_are_shown():
    shown = suppress_small_cells(cells(0, 3, 40), 3)
    assert shown["firms"].tolist() == [0, 3, 40]
    assert not shown["suppressed"].any()


def test_a_withheld_cell_cannot_be_had_from_the_total():
    shown = suppress_small_cells(cells(2, 40, 7, 0), 3)
    # The next smallest goes too; the empty cell stays, since it would protect nothing.
    assert shown["suppressed"].tolist() == [True, False, True, False]
    assert shown["firms"].isna().tolist() == [True, False, True, False]


def test_withheld_cells_hold_enough_firms_together():
    shown = suppress_small_cells(cells(1, 1, 9, 20), 3)
    hidden = cells(1, 1, 9, 20)["firms"][shown["suppressed"]]
    assert hidden.tolist() == [1, 1, 9]


def test_tables_are_protected_one_by_one():
    counts = pd.concat([cells(2, 8, 30).assign(of="a"), cells(5, 8, 30).assign(of="b")])
    shown = suppress_small_cells(counts.reset_index(drop=True), 3, by=["of"])
    assert shown.groupby("of")["suppressed"].sum().to_dict() == {"a": 2, "b": 0}
