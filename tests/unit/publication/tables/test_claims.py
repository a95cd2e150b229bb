from made_up_findings import SETTINGS, make_findings

from cisflow.publication.tables.claims import claims_table


def test_claims_are_counted_where_places_are_many(synthetic):
    waves = {f"CIS{i}": {} for i in range(6)}
    settings = {**SETTINGS, "countries": {"BE": {"name": "Flanders", "waves": waves}}}
    table = claims_table(make_findings(settings))
    assert "Supported" in table.frame.columns
    assert table.frame["Supported"].iloc[0] == "6"
