"""Attacks by correlations of yes/no variables: tables in disguise, of samples that differ."""

import numpy as np
import pytest
from disclosed import OLS, RULES, flags, released, sample_of, survey, variable_of

TOLD_ALL = RULES.model_copy(update={"minimum_cell": 1})
F, G = "group", "high_tech"
MODELS = {
    "main": {**OLS, "columns": {"any": [F, G, "diversity"]}},
    "most": {**OLS, "columns": {"any": [F, G, "diversity"]}, "sample": ["manufacturing", "small"]},
}


def with_both(few):
    """Return a survey; one sample lacks 60 firms: 24 in a group, 24 of high tech, few both."""
    panel = survey()
    i = np.arange(400)
    rest = i - 340
    f = np.where(i < 340, i % 2 == 0, (rest >= 0) & (rest < 24))
    g = np.where(i < 340, i % 3 == 0, (rest >= 24 - few) & (rest < 48 - few))
    panel["small"], panel[F], panel[G] = flags(i < 340), flags(f), flags(g)
    return panel


def both(out, model):
    """Return how many firms of a sample say yes to both, by its correlation; None if withheld."""
    about = sample_of(out, model)
    names = [v["variable"] for v in about["variables"]]
    r = about["correlations"][names.index(F)][names.index(G)]
    p, q = (variable_of(out, model, name)["mean"] for name in (F, G))
    if None in (r, p, q, about["n"]):
        return None
    return about["n"] * (p * q + r * np.sqrt(p * (1 - p) * q * (1 - q)))


@pytest.mark.parametrize("few", [1, 2, 9])
def test_two_correlations_do_not_tell_how_few_say_yes_to_both_in_one_sample_alone(few):
    panel = with_both(few)
    open_ = released(panel, TOLD_ALL, **MODELS)
    assert both(open_, "main") - both(open_, "most") == pytest.approx(few)
    out = released(panel, **MODELS)
    assert both(out, "main") is not None  # the model that stands first keeps its numbers
    assert both(out, "most") is None
    assert sample_of(out, "most")["n"] == 340


@pytest.mark.parametrize("few", [0, 12])
def test_cells_that_differ_by_enough_or_by_nobody_are_told(few):
    out = released(with_both(few), **MODELS)
    assert both(out, "main") - both(out, "most") == pytest.approx(few)


def test_nor_does_a_correlation_beside_a_sample_of_those_who_say_yes():
    """All but three of those of high tech in a group are a sample of their own."""
    panel = with_both(24)
    yes = panel[F].to_numpy(dtype=bool) & panel[G].to_numpy(dtype=bool)
    panel["small"] = flags(yes & (np.cumsum(yes) > 3))
    out = released(
        panel,
        most={**MODELS["most"], "columns": {"any": ["diversity"]}},
        main=MODELS["main"],
    )
    n = sample_of(out, "most")["n"]
    assert n == yes.sum() - 3
    assert both(out, "main") is None
