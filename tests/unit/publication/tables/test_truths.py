"""What was simulated stands beside what was found, each number once."""

from dataclasses import replace

import numpy as np
import pandas as pd
from made_up_findings import SETTINGS, make_findings

from cisflow.publication.tables.truths import truth_table


def found(settings=SETTINGS, **columns):
    """Return findings in which what claims test has a truth."""
    findings = make_findings(settings)
    claims = findings.claims.copy()
    tested = claims["estimate"].notna()
    # Each claim of these tests another term.
    claims.loc[tested, "term"] = "x_" + claims.loc[tested, "claim"]
    claims.loc[tested, "truth"] = 2.0
    claims.loc[tested, "truth_kind"] = "pseudo-truth"
    claims.loc[tested, "recovered"] = "no"
    claims.loc[tested & (claims["claim"] == "C1"), "truth_kind"] = "truth"
    claims.loc[tested & (claims["claim"] == "C1"), "recovered"] = "yes"
    return replace(findings, claims=claims.assign(**columns))


def rows_of(table):
    """Return the rows of a table by their last words."""
    frame = table.frame
    return {
        (index if isinstance(index, str) else index[-1]): dict(zip(frame.columns, row, strict=True))
        for index, row in zip(frame.index, frame.to_numpy(), strict=True)
    }


def test_truth_and_estimate_stand_side_by_side():
    findings = found(mde=5.5)
    rows = rows_of(truth_table(findings))
    first = next(row for what, row in rows.items() if str(what).startswith("C1:"))
    other = next(row for what, row in rows.items() if str(what).startswith("C2:"))
    assert (first["True"], first["Recovered"]) == ("2.0", "yes")
    assert (other["True"], other["Recovered"]) == ("2.0*", "no")
    assert "[" in first["Estimate"]
    assert first["Detectable"].startswith("5.5")
    assert first["Verdict"] == "supported"
    assert not any(str(what).startswith("C15") for what in rows)  # nothing was tested


def test_a_number_that_several_claims_test_is_told_once():
    findings = found()
    twice = found().claims.assign(claim="C99")
    both = replace(findings, claims=pd.concat([findings.claims, twice], ignore_index=True))
    assert len(truth_table(both).frame) == len(truth_table(findings).frame)


def test_many_places_are_counted():
    waves = {f"CIS{i}": {} for i in range(6)}
    settings = {**SETTINGS, "countries": {"BE": {"name": "Flanders", "waves": waves}}}
    rows = rows_of(truth_table(found(settings)))
    assert rows["C1"] == {"Estimates": "6", "Recovered": "6"}
    assert rows["C2"] == {"Estimates": "6", "Recovered": "0"}


def test_without_a_truth_there_is_no_row():
    frame = truth_table(found(truth=np.nan)).frame
    assert len(frame) == 1
    assert "Nothing to show" in str(frame)
