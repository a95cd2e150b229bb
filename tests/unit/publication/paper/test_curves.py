import re
from dataclasses import replace

import pandas as pd

from cisflow.publication.curve_facts import curves_of
from cisflow.publication.paper.curves import curve_sentences
from cisflow.publication.words import measured

HERE = ("BE", "CIS4")


def _curves(findings):
    return [c for c in curves_of(findings, *HERE, "partner_curve") if not c.note]


def test_a_curve_is_told_by_its_median_and_how_many_specifications_are_significant(synthetic):
    told, curves = curve_sentences(synthetic, "partner_curve", [HERE]), _curves(synthetic)
    assert len(told) == len(curves) > 0
    for said, curve in zip(told, curves, strict=True):
        median = curve.median
        assert (said["of"], said["place"]) == (1, synthetic.place(*HERE))
        assert said["estimate"] == measured(median["estimate"], median["std_error"])
        assert 0 <= float(said["significant"]) <= 100
        assert re.fullmatch(r"(= 0|= 1|<\s0)\.\d{3}", said["p"])


def test_curves_of_several_places_are_told_by_their_ends(synthetic):
    e = synthetic.estimates
    of = (e["wave"] == "CIS4") & (e["model"] == "partner_curve")
    other = e[of].assign(wave="CIS2")
    shift = other["quantity"] == "observed"
    other.loc[shift, "estimate"] += 5
    estimates = pd.concat([e[~((e["wave"] == "CIS2") & (e["model"] == "partner_curve"))], other])
    fits = [
        {**r, "fits": [*r["fits"], *({**f, "wave": "CIS2"} for f in r["fits"])]}
        if r["model"] == "partner_curve"
        else r
        for r in synthetic.diagnostics
    ]
    found = replace(synthetic, estimates=estimates, diagnostics=fits)
    told = curve_sentences(found, "partner_curve", [("BE", "CIS2"), HERE])
    for said, curve in zip(told, _curves(synthetic), strict=True):
        median = curve.median
        assert said["of"] == 2
        assert said["least"] == measured(median["estimate"], median["std_error"])
        assert said["most"] == measured(median["estimate"] + 5, median["std_error"])
        assert said["joint"] in (0, 2)


def test_places_without_a_curve_tell_nothing(synthetic):
    assert curve_sentences(synthetic, "partner_curve", [("BE", "CIS2010")]) == []
