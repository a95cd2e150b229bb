from dataclasses import replace

import pytest

from cisflow.publication.figures.regressions import coefficient_figure, outcome_figure


def test_coefficients_are_drawn_where_they_were_estimated(synthetic):
    figure = coefficient_figure(synthetic, "BE", "faems2005")
    for axes, wave in zip(figure.axes, ("CIS2", "CIS4"), strict=True):
        e = synthetic.rows("BE", wave, "faems2005", "observed")
        of = (e["column"] == "partners") & (e["outcome"] == "incremental")
        found = e[of].set_index("term")["estimate"]
        drawn = axes.containers[0].lines[0].get_xdata()
        assert drawn[0] == pytest.approx(found["coop_group"])
    assert [t.get_text() for t in figure.axes[0].texts] == ["n.e.", "n.e."]


def test_waves_share_their_axis_and_one_without_an_estimate_is_not_drawn(synthetic):
    panels = coefficient_figure(synthetic, "BE", "faems2005").axes
    assert panels[0].get_xlim() == panels[1].get_xlim()
    e = synthetic.estimates
    here = (e["wave"] == "CIS2") & (e["model"] == "faems2005")
    columns = ["estimate", "std_error", "ci_low", "ci_high"]
    gone = e.astype(dict.fromkeys(columns, "float64"))
    gone.loc[here, columns] = float("nan")
    assert len(coefficient_figure(replace(synthetic, estimates=gone), "BE", "faems2005").axes) == 1


def test_withheld_classes_carry_a_sign(synthetic):
    figure = outcome_figure(synthetic, "BE", "faems2005")
    cells = synthetic.description("BE", "CIS2", "faems2005")["distributions"]["incremental"]
    signs = [t.get_text() for t in figure.axes[0].texts]
    assert [sign == "c" for sign in signs] == [cell["suppressed"] for cell in cells]
