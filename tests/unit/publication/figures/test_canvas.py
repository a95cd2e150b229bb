import matplotlib as mpl

from cisflow.publication.catalogue import FIGURE, catalogue
from cisflow.publication.figures.canvas import save_figure
from cisflow.publication.figures.paths import path_figure


def test_every_letter_is_eight_points_or_more(synthetic):
    for item in catalogue(synthetic.settings, synthetic.models).of(FIGURE):
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
