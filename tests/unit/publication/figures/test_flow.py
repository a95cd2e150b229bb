import pytest

from cisflow.publication.figures.flow import flow_figure


def test_boxes_say_how_many_are_left_and_why_others_are_not(synthetic):
    figure = flow_figure(synthetic, country="BE", model="faems2005")
    flow = synthetic.flow
    last = flow[(flow["model"] == "faems2005") & (flow["wave"] == "CIS4")].sort_values("step")
    texts = "\n".join(text.get_text() for axes in figure.axes for text in axes.texts)
    assert f"n = {int(last['firms'].iloc[0]):,}" in texts
    assert f"n = {int(last['firms'].iloc[-1]):,}" in texts
    assert "not asked" in texts


@pytest.mark.parametrize("model", ["faems2005", "faems2010_direct"])
def test_waves_stand_side_by_side(synthetic, model):
    figure = flow_figure(synthetic, country="BE", model=model)
    places = [axes.get_title(loc="left") for axes in figure.axes]
    assert places == ["CIS2", "CIS4"]
    assert synthetic.name("BE") in [text.get_text() for text in figure.texts]
