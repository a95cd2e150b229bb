"""The page in a browser: nothing against it on a screen and on a phone, by day and by night."""

import pytest
import yaml
from browser import asked

from cisflow.publication.site.facts import page_facts
from cisflow.publication.site.page import render_page
from cisflow.study.claims import Claims


@pytest.fixture(scope="module")
def page(synthetic, synthetic_paper, synthetic_folder, root):
    claims = Claims.model_validate(yaml.safe_load((root / "config/claims.yaml").read_text("utf-8")))
    facts = page_facts(synthetic, claims, synthetic_folder / "tables", {"inputs": {"x": "1f"}})
    return render_page(facts, root / "paper/page")


@pytest.mark.parametrize("dark", [False, True], ids=["day", "night"])
@pytest.mark.parametrize("width", [1280, 390], ids=["screen", "phone"])
def test_axe_has_nothing_against_the_page(page, root, width, dark):
    told = asked(page, root, width, dark=dark)
    assert told["dark"] == dark
    assert told["scripted"]
    assert told["closed"] == []
    assert told["opened"] == []
    assert told["width"] <= told["shown"]  # nothing but tables in their own frames goes sideways
