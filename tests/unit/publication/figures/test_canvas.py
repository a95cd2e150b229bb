from xml.etree import ElementTree

import matplotlib as mpl
import pytest
from scipy.stats import norm, t

from cisflow.publication.catalogue import FIGURE, catalogue
from cisflow.publication.figures.canvas import ninety, save_figure
from cisflow.publication.figures.paths import path_figure


def test_every_letter_is_eight_points_or_more(synthetic):
    for item in catalogue(synthetic.settings, synthetic.models).present(synthetic):
        if item.kind != FIGURE:
            continue
        figure = item.made(synthetic)
        sizes = [t.get_fontsize() for t in figure.findobj(mpl.text.Text) if t.get_text()]
        assert min(sizes) >= 8, item.name


def test_saved_figures_are_the_same_bytes_again(synthetic, tmp_path):
    for folder in ("one", "two"):
        save_figure(
            path_figure(synthetic, "BE", "CIS4", "faems2010_direct"), tmp_path / folder, "f"
        )
    for ending in ("png", "svg"):
        one, two = ((tmp_path / f / f"f.{ending}").read_bytes() for f in ("one", "two"))
        assert one == two, ending


def test_a_picture_tells_what_it_shows_to_those_who_cannot_see_it(synthetic, tmp_path):
    figure = path_figure(synthetic, "BE", "CIS4", "faems2010_direct")
    save_figure(figure, tmp_path, "f", ["svg"], caption="Arrows & <effects>")
    root = ElementTree.parse(tmp_path / "f.svg").getroot()  # noqa: S314
    space = "{http://www.w3.org/2000/svg}"
    assert root.get("role") == "img"
    assert root.find(f"{space}title").text == "Arrows & <effects>"
    told = root.find(f"{space}desc").text
    assert told.startswith("SYNTHETIC data")
    assert "Profit margin" in told


@pytest.mark.parametrize("df", [5, 40, None])
def test_the_interval_of_90_percent_is_of_the_law_of_that_of_95(df):
    law = t(df) if df else norm()
    half = law.isf(0.025) * 2.0
    assert ninety(1.0, 1.0 - half, 1.0 + half, 2.0) == pytest.approx(law.isf(0.05) * 2.0, rel=1e-4)


def test_an_interval_of_resamples_has_no_other_one(synthetic):
    assert str(ninety(1.0, 0.2, 3.0, 0.5)) == "nan"
