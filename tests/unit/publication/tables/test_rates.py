from dataclasses import replace

import numpy as np

from cisflow.publication.tables.rates import rates_table
from cisflow.publication.words import WITHHELD


def test_cooperation_rates_have_the_layout_of_official_tables(synthetic):
    table = rates_table(synthetic, "BE", "CIS4")
    assert list(table.frame.columns)[:2] == ["Firms", "Any partner"]
    assert table.frame.loc[("Manufacturing", "10-49"), "Any partner"] == "30.0\n(2.5)"
    assert table.frame.loc[("Services", "250+"), "Any partner"] == WITHHELD
    assert "confidential" in table.notes


def test_official_rates_stand_in_brackets_and_the_distant_ones_are_counted(synthetic):
    rates = synthetic.rates.assign(official=np.nan, difference=np.nan)
    rates.loc[[0, 1], "official"] = [30.5, 50.0]
    rates["difference"] = rates["rate"] - rates["official"]
    table = rates_table(replace(synthetic, rates=rates), *rates.loc[0, ["country", "wave"]])
    assert table.frame.loc[("Total", "Total"), "Any partner"] == "30.0\n(2.5)\n[30.5]"
    assert "1 of 2 differ" in table.notes
