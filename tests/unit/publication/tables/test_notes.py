from dataclasses import replace

from cisflow.publication.tables.balances import balance_table
from cisflow.publication.tables.paths import effects_table, indices_table, path_table
from cisflow.publication.tables.regressions import regression_table

READINGS = ["faems2010_direct", "faems2010_personnel"]


def test_notes_name_sample_weights_and_what_becomes_of_gaps(synthetic):
    group = ("BE", "CIS4", READINGS)
    listwise = "firms with every variable of the model (listwise deletion)"
    for table in (
        path_table(synthetic, *group),
        effects_table(synthetic, *group),
        indices_table(synthetic, *group),
        balance_table(synthetic, "BE", "CIS4", "two_year_balance"),
        regression_table(synthetic, "BE", "CIS4", "faems2005"),
    ):
        assert "Unweighted. Sample: manufacturing, innovation active" in table.notes
        assert listwise in table.notes
    update = {"missing": "fiml", "weights": "weight"}
    changed = {m: synthetic.models[m].model_copy(update=update) for m in READINGS}
    other = replace(synthetic, models={**synthetic.models, **changed})
    notes = path_table(other, *group).notes
    assert "Weighted by the survey’s sampling weights. " in notes
    assert "gaps in the outcomes by full-information maximum likelihood" in notes
    assert "listwise" not in notes
