"""Tables as the page prints them."""

import pandas as pd

from cisflow.publication.site.grids import grid_of
from cisflow.publication.tables.layout import Table


def test_a_number_and_its_brackets_stay_on_one_line():
    frame = pd.DataFrame({"CIS2": ["675 (−385)"]}, index=pd.Index(["Manufacturing"], name="row"))
    grid = grid_of(Table(frame, "notes", caption="caption"))
    assert grid.heads == ("", "CIS2")
    assert grid.rows == (("Manufacturing", "675\u00a0(−385)"),)
