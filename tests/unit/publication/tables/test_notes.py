from dataclasses import replace

import pandas as pd

from cisflow.publication.tables.balances import balance_table
from cisflow.publication.tables.notes import reasons
from cisflow.publication.tables.paths import effects_table, indices_table, path_table
from cisflow.publication.tables.regressions import regression_table

READINGS = ["faems2010_direct", "faems2010_personnel"]


def test_notes_name_sample_weights_and_what_becomes_of_gaps(synthetic):
    group = ("BE", "CIS4", READINGS)
    listwise = "firms with every variable of the model (listwise deletion)"
    innovators = "product innovators among manufacturing firms"
    for table, accounts in (
        (path_table(synthetic, *group), " with company accounts"),
        (effects_table(synthetic, *group), " with company accounts"),
        (indices_table(synthetic, *group), " with company accounts"),
        (balance_table(synthetic, "BE", "CIS4", "two_year_balance"), " with company accounts"),
        (regression_table(synthetic, "BE", "CIS4", "faems2005"), ""),
    ):
        assert f"Unweighted. Sample: {innovators}{accounts}; firms" in table.notes
        assert listwise in table.notes
    update = {"missing": "fiml", "weights": "weight"}
    changed = {m: synthetic.models[m].model_copy(update=update) for m in READINGS}
    other = replace(synthetic, models={**synthetic.models, **changed})
    notes = path_table(other, *group).notes
    assert "Weighted by the survey’s sampling weights. " in notes
    assert "gaps in the outcomes by full-information maximum likelihood" in notes
    assert "listwise" not in notes


def test_reasons_call_terms_by_their_labels():
    why = "coop_suppliers:coop_universities has no coefficient: an exact combination of others"
    rows = pd.DataFrame({"status": "not_estimable", "term": "diversity", "note": why}, index=[0])
    (note,) = reasons(rows)
    assert "coop_" not in note
    assert "suppliers × Universities has no coefficient: an exact combination of others" in note
