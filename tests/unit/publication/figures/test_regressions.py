import pytest

from cisflow.publication.figures.regressions import coefficient_figure, outcome_figure


def test_coefficients_are_drawn_where_they_were_estimated(synthetic):
    figure = coefficient_figure(synthetic, "BE", "CIS2", "faems2005")
    e = synthetic.rows("BE", "CIS2", "faems2005", "observed")
    of = (e["column"] == "partners") & (e["outcome"] == "incremental")
    found = e[of].set_index("term")["estimate"]
    drawn = figure.axes[0].containers[0].lines[0].get_xdata()
    assert drawn[0] == pytest.approx(found["coop_group"])
    assert [t.get_text() for t in figure.axes[0].texts] == ["n.e.", "n.e."]


def test_withheld_classes_carry_a_sign(synthetic):
    figure = outcome_figure(synthetic, "BE", "CIS2", "faems2005")
    cells = synthetic.description("BE", "CIS2", "faems2005")["distributions"]["incremental"]
    signs = [t.get_text() for t in figure.axes[0].texts]
    assert [sign == "c" for sign in signs] == [cell["suppressed"] for cell in cells]
