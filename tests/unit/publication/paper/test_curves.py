import re

from cisflow.publication.curve_facts import curves_of
from cisflow.publication.paper.curves import curve_sentences
from cisflow.publication.words import measured

PLACES = [("BE", "CIS2"), ("BE", "CIS4")]


def test_a_curve_is_told_by_its_median_and_how_many_specifications_are_significant(synthetic):
    told = curve_sentences(synthetic, "partner_curve", PLACES)
    curves = [c for c in curves_of(synthetic, "BE", "CIS4", "partner_curve") if not c.note]
    assert len(told) == len(curves) > 0
    for said, curve in zip(told, curves, strict=True):
        median = curve.median
        assert said["estimate"] == measured(median["estimate"], median["std_error"])
        assert 0 <= float(said["significant"]) <= 100
        assert re.fullmatch(r"(= 0|= 1|<\s0)\.\d{3}", said["p"])


def test_only_the_last_place_with_a_curve_is_told(synthetic):
    places = {said["place"] for said in curve_sentences(synthetic, "partner_curve", PLACES)}
    assert places == {synthetic.place("BE", "CIS4")}
    assert curve_sentences(synthetic, "partner_curve", [("BE", "CIS2010")]) == []
