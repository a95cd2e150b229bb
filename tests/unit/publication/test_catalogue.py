from dataclasses import replace

import pytest
from drawn import texts_of
from made_up_findings import NO_ACCOUNTS, SETTINGS, make_findings, one_of_each

from cisflow.publication.catalogue import FIGURE, SECTIONS, TABLE, Item, catalogue
from cisflow.publication.tables.layout import lay_out
from cisflow.publication.tables.save import save_table


@pytest.fixture(scope="module")
def items(synthetic):
    return catalogue(synthetic.settings, synthetic.models)


def test_names_are_known_before_anything_is_estimated(items):
    tables = [item.name for item in items.of(TABLE)]
    figures = [item.name for item in items.of(FIGURE)]
    assert {"faems2005_BE_CIS2", "faems2010_effects_BE_CIS4", "quality_BE_accounts"} <= {*tables}
    assert {"outcomes_faems2005_BE", "paths_faems2010_direct_BE_CIS4"} <= {*figures}
    assert len(tables) == len(set(tables))
    assert len(figures) == len(set(figures))


def test_items_say_what_they_are_about(items):
    item = items["faems2010_effects_BE_CIS4"]
    assert (item.country, item.wave) == ("BE", "CIS4")
    assert item.models[:2] == ("faems2010_direct", "faems2010_personnel")
    assert item.caption.startswith("Direct, indirect and total effects (")
    assert item.caption.endswith("): Flanders (Belgium), CIS4")
    assert item.heading == "Effects in path models"
    assert items.name("effects", "BE", "CIS4", "faems2010_personnel") == item.name


def test_items_stand_section_by_section_in_the_order_of_the_paper(items):
    order = list(SECTIONS)
    at = [order.index(item.section) for item in items.items]
    assert at == sorted(at)


def test_a_run_that_pools_has_a_table_and_forest_plots_of_each_told_coefficient(synthetic):
    about = {"name": "Spain", "waves": {"CIS4": {}}}
    pool = {"method": "paule-mandel", "knapp_hartung": True, "by": "country", "moderators": []}
    settings = {**SETTINGS, "pool": pool, "countries": {**SETTINGS["countries"], "ES": about}}
    items = catalogue(settings, synthetic.models)
    names = {item.name for item in items.items}
    assert "pooled_faems2005" in names
    assert "pooled_moderators_faems2005" not in names
    forests = [item for item in items.of(FIGURE) if item.section == "forests"]
    told = [item.caption for item in forests if item.printed and "faems2005" in item.models]
    title = synthetic.models["faems2005"].title
    assert told == [
        f"{term} by country ({title})"
        for term in ("Suppliers or clients", "Universities or public research")
    ]
    alone = {item.name for item in catalogue(SETTINGS, synthetic.models).items}
    assert not any(name.startswith(("pooled_", "forest_", "claims_matrix")) for name in alone)


def test_countries_that_come_as_exports_have_no_tables_of_their_answers(synthetic):
    sent = {"name": "Spain", "waves": {"CIS4": {}}, "export": "es.zip", "accounts": True}
    settings = {**SETTINGS, "countries": {**SETTINGS["countries"], "ES": sent}}
    names = {item.name for item in catalogue(settings, synthetic.models).of(TABLE)}
    assert {"faems2005_ES_CIS4", "attrition_ES", "quality_BE_CIS4"} <= names
    assert not names & {"quality_ES_CIS4", "quality_ES_accounts", "cooperation_ES_CIS4"}


@pytest.fixture(scope="module")
def few_synthetic():
    """Findings of as few models as have an item of each kind."""
    return make_findings(SETTINGS, one_of_each(SETTINGS))


@pytest.fixture(scope="module")
def few_real():
    return make_findings(NO_ACCOUNTS, one_of_each(NO_ACCOUNTS))


def test_every_synthetic_item_says_so_and_no_real_one(few_synthetic, few_real):
    items = catalogue(few_synthetic.settings, few_synthetic.models)
    for item in items.of(TABLE):
        table = item.made(few_synthetic)
        assert table.caption == f"{item.caption} [SYNTHETIC data]", item.name
        assert "SYNTHETIC" in table.notes, item.name
    for item in items.of(FIGURE):
        assert any("SYNTHETIC" in text for text in texts_of(item.made(few_synthetic))), item.name
    for item in catalogue(few_real.settings, few_real.models).of(TABLE):
        table = item.made(few_real)
        assert table.caption == item.caption
        assert "SYNTHETIC" not in table.notes, item.name


DRAFT = "DRAFT MAPPING (3 variables unconfirmed)"


def test_every_item_of_a_run_on_a_draft_says_so_in_every_format(few_real, tmp_path):
    draft = replace(few_real, settings={**few_real.settings, "unconfirmed": 3})
    for item in catalogue(draft.settings, draft.models).of(TABLE):
        table = item.made(draft)
        assert table.caption == f"{item.caption} [{DRAFT}]", item.name
        assert f"{DRAFT}, nobody has confirmed" in table.notes, item.name
        assert set(table.flat()["data"]) == {f"real, {DRAFT}"}, item.name
    save_table(table, tmp_path, "t")
    texts = {e: (tmp_path / f"t.{e}").read_text(encoding="utf-8") for e in ("html", "tex", "csv")}
    assert [e for e, text in texts.items() if DRAFT not in text] == []
    for item in catalogue(draft.settings, draft.models).of(FIGURE):
        assert DRAFT in texts_of(item.made(draft)), item.name


def test_a_synthetic_run_on_a_draft_carries_both_marks(synthetic, items):
    draft = replace(synthetic, settings={**synthetic.settings, "unconfirmed": 1})
    both = "[SYNTHETIC data] [DRAFT MAPPING (1 variable unconfirmed)]"
    item = items.of(TABLE)[0]
    assert item.made(draft).caption == f"{item.caption} {both}"


def test_figures_of_real_data_carry_no_stamp(few_real):
    for item in catalogue(few_real.settings, few_real.models).of(FIGURE):
        assert not any("SYNTHETIC" in text for text in texts_of(item.made(few_real)))


def test_an_item_is_made_from_the_findings_it_is_given(synthetic):
    def render(findings):
        return lay_out(findings.flow, [findings.settings["title"]])

    item = Item(TABLE, "flow", "t", "A caption", render)
    told = replace(synthetic, settings={**SETTINGS, "title": "Another", "data": "real"})
    assert (item.made(told).notes, item.made(told).caption) == ("Another", "A caption")
