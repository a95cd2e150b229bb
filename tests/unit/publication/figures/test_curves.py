from dataclasses import replace

import numpy as np

from cisflow.publication.curve_facts import curves_of
from cisflow.publication.figures.curves import BINS, SHADES, curve_figure, rows_of, shares_of


def test_effects_stand_in_order_and_significant_ones_have_a_marker_of_their_own(synthetic):
    figure = curve_figure(synthetic, "BE", "CIS2", "partner_curve")
    (first, *_) = curves_of(synthetic, "BE", "CIS2", "partner_curve")
    top = figure.axes[0]
    plain, sure = (line for line in top.lines if line.get_marker() in (".", "D"))
    drawn = np.sort(np.concatenate([plain.get_ydata(), sure.get_ydata()]))
    np.testing.assert_allclose(drawn, first.rows["estimate"])
    assert len(sure.get_ydata()) == (first.rows["p_value"] < 0.05).sum()
    assert any("joint p = 0.040" in text.get_text() for text in top.texts)
    assert "points of turnover" in top.get_ylabel()


def test_the_lower_panel_says_who_made_which_choice(synthetic):
    figure = curve_figure(synthetic, "BE", "CIS2", "partner_curve")
    (first, *_) = curves_of(synthetic, "BE", "CIS2", "partner_curve")
    below = figure.axes[1]
    names = [text.get_text().strip() for text in below.get_yticklabels()]
    rows = rows_of([first])
    shares = shares_of(first, rows)
    assert shares.shape == (len(names), BINS)
    estimators = ["Tobit", "heteroskedastic Tobit", "fractional logit", "least squares"]
    np.testing.assert_allclose(sum(shares[names.index(name)] for name in estimators), 1)
    place = np.arange(len(first.rows)) * BINS // len(first.rows)
    tobit = (first.rows["estimator"] == "tobit").to_numpy()
    assert shares[names.index("Tobit")][0] == tobit[place == 0].mean()
    drawn = sum(_area(patch) for patch in below.patches)
    np.testing.assert_allclose(drawn, np.count_nonzero(shares) * 1.04 / BINS)
    assert len(below.patches) <= SHADES


def _area(patch):
    corners = patch.get_path().vertices.reshape(-1, 5, 2)
    return float(np.prod(corners[:, 2] - corners[:, 0], axis=1).sum())


def test_a_wave_without_a_curve_says_why(synthetic):
    e = synthetic.estimates
    none = replace(synthetic, estimates=e[e["model"] != "partner_curve"])
    figure = curve_figure(none, "BE", "CIS2", "partner_curve")
    assert all("n.e." in axes.texts[0].get_text() for axes in figure.axes[::2])
