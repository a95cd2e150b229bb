from cisflow.publication.tables.samples import flow_table


def test_sample_flow_shows_what_is_left_and_lost(synthetic):
    table = flow_table(synthetic)
    cells = table.frame.xs("Manufacturing", level=1)["CIS2"]
    assert cells.iloc[0] == "912 (−728)"
