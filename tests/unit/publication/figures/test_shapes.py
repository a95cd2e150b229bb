"""The figure of an effect over a range shows curve, bands and the firms that may be told."""

import numpy as np
import pytest
from shaped_firms import shaped_findings

from cisflow.publication.figures.shapes import is_skewed, profile_figure


@pytest.fixture(scope="module")
def findings():
    return shaped_findings()


def curve(findings):
    shapes = [s for fit in findings.fits("BE", "CIS4", "m") for s in fit.get("shapes", ())]
    return next(s for s in shapes if s["kind"] == "effect")


def test_the_line_is_the_estimate_and_the_bars_are_the_firms(findings):
    figure = profile_figure(findings, "BE", "m")
    axes, below = figure.axes
    line = next(line for line in axes.get_lines() if line.get_label() == "Effect")
    np.testing.assert_allclose(line.get_ydata(), curve(findings)["effects"])
    counts = [some["firms"] for some in curve(findings)["bins"]]
    assert [bar.get_height() for bar in below.patches] == counts
    assert [text.get_text() for text in below.texts] == [str(n) for n in counts]


def test_a_class_that_is_withheld_has_a_sign_and_no_bar(findings):
    curve(findings)["bins"][0]["firms"] = None
    _, below = profile_figure(findings, "BE", "m").axes
    assert below.texts[0].get_text() == "c"
    assert below.patches[0].get_height() == 0


def test_the_scale_is_a_root_where_most_firms_are_near_zero():
    places = {"places": [0.0, 10.0]}
    assert is_skewed({**places, "bins": [{"high": 0.5}, {"high": 2.0}, {"high": 10.0}]})
    assert not is_skewed({**places, "bins": [{"high": 3.0}, {"high": 6.0}, {"high": 10.0}]})
