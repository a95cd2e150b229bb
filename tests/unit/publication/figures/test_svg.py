"""An SVG in fewer bytes draws the same."""

import re
from xml.etree import ElementTree

import numpy as np
import pytest

from cisflow.publication.figures.canvas import save_figure
from cisflow.publication.figures.svg import DECIMALS, lean

NUMBER = re.compile(r"-?\d*\.?\d+")


def points_of(path):
    """Return where a path of lines goes, from the origin."""
    here, start, found = np.zeros(2), np.zeros(2), []
    for letter, text in re.findall(r"([MmLlHhVvZz])([^A-Za-z]*)", path):
        numbers = [float(number) for number in NUMBER.findall(text)]
        if letter in "Zz":
            here = start
            found.append(here)
            continue
        if letter in "hv":
            numbers = [numbers[0], 0] if letter == "h" else [0, numbers[0]]
        for step in np.reshape(numbers, (-1, 2)):
            here = step if letter in "ML" else here + step
            found.append(here)
        start = found[-1] if letter in "Mm" else start
    return np.array(found)


def test_a_long_path_does_not_drift():
    rng = np.random.default_rng(1)
    points = np.cumsum(rng.normal(size=(500, 2)), axis=0)
    path = "M " + " \nL ".join(f"{x:.6f} {y:.6f}" for x, y in points)
    (short,) = re.findall(r'd="([^"]*)"', lean(f'<path d="{path}"/>'))
    np.testing.assert_allclose(points_of(short), points, atol=0.51 * 10**-DECIMALS)
    assert len(short) < len(path) / 2


def test_rectangles_of_one_path_are_closed_where_they_began():
    two = "M 1 2 \nL 3 2 \nL 3 4 \nL 1 4 \nL 1 2 \nz\nM 10 20 \nL 30 20 \nL 30 4 \nz"
    (short,) = re.findall(r'd="([^"]*)"', lean(f'<path d="{two}"/>'))
    assert short == "M1 2h2v2h-2zm9 18h20v-16z"
    corners = [(1, 2), (3, 2), (3, 4), (1, 4), (1, 2), (10, 20), (30, 20), (30, 4), (10, 20)]
    np.testing.assert_allclose(points_of(short), corners)


def test_marks_of_one_style_say_it_once_and_of_several_each():
    mark = '<use xlink:href="#m0123456789" x="1.23456" y="2" style="fill: #{}"/>'
    same = lean(f"<g>\n {mark.format(1)}\n {mark.format(1)}\n</g>")
    assert same == (
        '<g style="fill: #1">\n<use xlink:href="#i0" x="1.2" y="2"/><use xlink:href="#i0" x="1.2" '
        'y="2"/>\n</g>'
    )
    assert lean(f"<g>{mark.format(1)}{mark.format(2)}</g>").count("style=") == 2


@pytest.mark.parametrize("number", [528, 2000])
def test_a_figure_of_many_points_is_small_and_all_it_refers_to_is_there(number, tmp_path):
    import matplotlib as mpl

    mpl.use("agg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots()
    x = np.arange(number)
    axes.fill_between(x, np.sin(x), np.cos(x))
    axes.plot(x, np.sin(x), "D")
    save_figure(figure, tmp_path, "f", ["svg"], caption="c")
    text = (tmp_path / "f.svg").read_text("utf-8")
    root = ElementTree.fromstring(text)  # noqa: S314
    ids = [element.get("id") for element in root.iter() if element.get("id")]
    assert len(ids) == len(set(ids))
    assert {*re.findall(r'(?:href="#|url\(#)([^")]*)', text)} <= {*ids}
    assert text.count("<use") > number
    assert len(text) < 80 * number + 20_000
