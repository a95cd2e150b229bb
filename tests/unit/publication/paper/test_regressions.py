"""How many firms stand at a limit of an outcome, told from the counts that may be told."""

from dataclasses import replace

import numpy as np
import pytest

from cisflow.publication.paper.regressions import limit_facts

PLACES = [("NG", "2007"), ("NG", "2010")]


def _with(findings, lower, upper):
    table = findings.estimates.assign(n=100.0, n_lower=lower, n_upper=upper)
    return replace(findings, estimates=table)


@pytest.mark.parametrize(
    ("lower", "upper", "facts"),
    [
        (30, 5, {"least": "30", "most": "30", "many": True}),
        (10, 0, {"least": "10", "most": "10", "many": False}),
        (7, np.nan, {"least": "7", "most": "7", "many": False}),
        # What is withheld may be any number: that of firms at the upper limit says nothing of it.
        (np.nan, 0, {"least": "", "most": "", "many": False}),
        (np.nan, np.nan, {"least": "", "most": "", "many": False}),
    ],
)
def test_the_share_at_a_limit(real, lower, upper, facts):
    assert limit_facts(_with(real, lower, upper), ["faems2005"], PLACES) == facts


def test_a_run_without_such_models_tells_nothing(real):
    assert limit_facts(real, [], PLACES)["least"] == ""
