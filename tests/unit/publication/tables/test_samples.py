from dataclasses import replace

import pandas as pd

from cisflow.publication.tables.samples import flow_table


def test_sample_flow_shows_what_is_left_and_lost(synthetic):
    table = flow_table(synthetic)
    cells = table.frame.xs("Manufacturing", level=1)["CIS2"]
    assert cells.iloc[0] == "912 (−728)"
    asked = table.frame.xs("Asked about turnover from new products (product innovators)", level=1)[
        "CIS2"
    ]
    assert asked.iloc[0] == "250 (−72)"


def test_of_steps_told_together_those_not_asked_are_told(synthetic):
    flow = synthetic.flow.copy()
    last = flow["restriction"].str.startswith("no missing")
    flow.loc[last, ["lost", "lost_filtered"]] = 101, 72
    flow = flow[~flow["restriction"].str.startswith("asked")]
    table = flow_table(replace(synthetic, flow=flow))
    cells = table.frame.xs("No missing value in the model’s variables", level=1)["CIS2"]
    assert cells.iloc[0] == "221 (−101, 72 of them not asked)"


def test_each_wave_reads_in_its_own_order(synthetic):
    told = {
        "CIS2": ["all", "active", "asked", "answered"],
        "CIS4": ["all", "active; asked", "answered", "accounts"],
    }
    rows = [
        {"country": "BE", "wave": wave, "model": "faems2005", "step": i, "restriction": words}
        | {"firms": 400 - 100 * i, "lost": 100 * bool(i), "lost_missing": 0, "lost_filtered": 0}
        for wave, steps in told.items()
        for i, words in enumerate(steps)
    ]
    models = {"faems2005": synthetic.models["faems2005"]}
    table = flow_table(replace(synthetic, flow=pd.DataFrame(rows), models=models)).frame
    for wave, steps in told.items():
        shown = table[wave][table[wave].fillna("") != ""]
        assert [words for _, words in shown.index] == [w.capitalize() for w in steps]
        left = [int(text.split()[0]) for text in shown]
        assert left == sorted(left, reverse=True)
