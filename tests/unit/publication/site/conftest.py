"""The page of made-up findings, with the tables it prints."""

import pytest
import yaml

from cisflow.publication.catalogue import TABLE, catalogue
from cisflow.publication.site.facts import page_facts
from cisflow.publication.site.page import render_page
from cisflow.publication.tables.save import save_table
from cisflow.study.claims import Claims


@pytest.fixture(scope="session")
def tables(synthetic, tmp_path_factory):
    """Return a folder with the tables that the page prints."""
    folder = tmp_path_factory.mktemp("page") / "tables"
    for item in catalogue(synthetic.settings, synthetic.models).of(TABLE):
        if item.printed:
            save_table(item.made(synthetic), folder, item.name, formats=["csv"])
    return folder


@pytest.fixture(scope="session")
def claims(root):
    return Claims.model_validate(yaml.safe_load((root / "config/claims.yaml").read_text("utf-8")))


@pytest.fixture(scope="session")
def facts(synthetic, tables, claims):
    return page_facts(synthetic, claims, tables, {"inputs": {"data/raw/x.sav": "1f"}})


@pytest.fixture(scope="session")
def page(facts, root):
    return render_page(facts, root / "paper/page")
