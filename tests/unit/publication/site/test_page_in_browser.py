"""The page in a browser: nothing against it on a screen and on a phone, by day and by night."""

import pytest
from browser import asked


@pytest.mark.parametrize("dark", [False, True], ids=["day", "night"])
@pytest.mark.parametrize("width", [1280, 390], ids=["screen", "phone"])
def test_axe_has_nothing_against_the_page(page, root, width, dark):
    told = asked(page, root, width, dark=dark)
    assert told["dark"] == dark
    assert told["scripted"]
    assert told["closed"] == []
    assert told["opened"] == []
    assert told["width"] <= told["shown"]  # nothing but tables in their own frames goes sideways
