"""Tables on the page are those in the files."""

import csv


def test_tables_are_printed_as_they_were_saved(facts, tables):
    shown = {e.name: e for _, listed in facts["sections"] for e in listed}
    name = "faems2005_BE_CIS4"
    with (tables / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        head, *rows = csv.reader(file)
    grid = shown[name].grid
    assert len(grid.rows) == len(rows)
    assert "data" not in grid.heads
    first = 2 if head[0] == "group" else 1
    for row, cells in zip(rows, grid.rows, strict=True):
        assert row[first:-1] == list(cells[1:])
    assert ("CSV", f"tables/{name}.csv") in shown[name].files
