"""Weak instruments are told as such, with what holds all the same."""

from dataclasses import replace

import pytest

from cisflow.publication.catalogue import catalogue
from cisflow.publication.paper.instruments import instrument_facts, instrument_spreads

AT = ("BE", "CIS4", "iv_margin")


def _facts(findings, **fit):
    """Return the facts of a run whose two-stage least squares have the given first stage."""
    at = {"wave": "CIS4", "method": "2sls", "outcome": "profit_margin", "nobs": 305}
    record = {"country": "BE", "model": "iv_margin", "fits": [{**at, **fit}]}
    others = [r for r in findings.diagnostics if r["model"] != "iv_margin"]
    found = replace(findings, diagnostics=[*others, record])
    return instrument_facts(found, catalogue(found.settings, found.models), *AT)


def test_weak_instruments_have_an_interval_that_rules_out_nothing(synthetic):
    robust = {"p_value": 0.41, "confidence_set": [[None, None]]}
    stage = {"first_stage": {"diversity": {"f": 2.3}}, "anderson_rubin": robust}
    facts = _facts(synthetic, **stage, effective_f=2.31)
    assert facts["claims"] == []
    (result,) = facts["results"]
    told = {name: result[name] for name in ("outcome", "f", "weak", "interval", "unbounded", "p")}
    assert told == {
        "outcome": "profit margin",
        "f": "2.3",
        "weak": True,
        "interval": "(−∞, ∞)",
        "unbounded": True,
        "p": "= 0.410",
    }


@pytest.mark.parametrize(("f", "weak"), [(9.99, True), (10.0, False), (250.0, False)])
def test_strength_goes_by_the_effective_f_or_that_of_several_endogenous_ones(synthetic, f, weak):
    stage = {"first_stage": {"diversity": {"f": 1.0}}}
    assert _facts(synthetic, **stage, effective_f=f)["results"][0]["weak"] == weak
    several = _facts(synthetic, **stage, kleibergen_paap_f=f)["results"][0]
    assert (several["weak"], several["interval"], several["p"]) == (weak, "", "")


def test_a_bounded_interval_is_not_called_unbounded(synthetic):
    robust = {"p_value": 0.0002, "confidence_set": [[-20.0, 10.0]]}
    stage = {"first_stage": {"diversity": {"f": 30.0}}, "anderson_rubin": robust}
    (result,) = _facts(synthetic, **stage, effective_f=30.0)["results"]
    assert result["unit"] == "points of profit margin"
    assert (result["unbounded"], result["interval"], result["p"]) == (
        False,
        "[−20.000, 10.000]",
        "< 0.001",
    )


def test_claims_that_rest_on_instruments_are_named(synthetic):
    claims = synthetic.claims.copy()
    claims.loc[claims["claim"] == "C9", "model"] = "iv_margin"
    stage = {"first_stage": {"diversity": {"f": 2.3}}, "effective_f": 2.3}
    assert _facts(replace(synthetic, claims=claims), **stage)["claims"] == ["C9"]
    assert _facts(synthetic, **stage)["claims"] == []


def test_several_samples_are_told_by_their_ends(synthetic):
    stage = {"first_stage": {"diversity": {"f": 2.3}}}
    sets = {(8.0, 0.2): [[-2, 3]], (30.0, 0.01): [[-5, -1]], (2.0, 0.6): [[None, None]]}
    found = [
        _facts(
            synthetic,
            **stage,
            effective_f=f,
            anderson_rubin={"p_value": p, "confidence_set": confidence},
        )
        for (f, p), confidence in sets.items()
    ]
    assert instrument_spreads(found[:1]) == []
    (over,) = instrument_spreads(found)
    assert (over["of"], over["weak"], over["f"]) == (3, 2, ["2.0", "30.0"])
    assert (over["sets"], over["apart"], over["unbounded"]) == (3, 1, 1)
    low, high = (float(end.replace("−", "-")) for end in over["ends"])
    assert (round(low), round(high)) == (-5, 3)
