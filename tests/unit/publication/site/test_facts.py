"""The page's facts are those of the findings."""

import csv

from cisflow.publication.site.exhibits import MOST_PLACES


def test_every_claim_has_a_card_with_its_estimates_drawn(synthetic, facts):
    names = list(dict.fromkeys(synthetic.claims["claim"]))
    assert [card.page.name for card in facts["cards"]] == names
    for card in facts["cards"]:
        found = sum(one.found is not None for one in card.page.evidence)
        assert sum(len(chart.lines) for chart in card.charts) == found


def test_claims_without_estimates_say_so_once(facts):
    told = {card.page.name: card.alike for card in facts["cards"]}
    assert told["C15"].verdict == "not measurable"
    assert told["C1"] is None


def test_tables_are_printed_as_they_were_saved(facts, tables):
    shown = {e.name: e for _, listed in facts["sections"] for e in listed}
    name = "faems2005_BE_CIS4"
    with (tables / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        head, *rows = csv.reader(file)
    grid = shown[name].grid
    assert len(grid.rows) == len(rows)
    assert "data" not in grid.heads
    first = 2 if head[0] == "group" else 1
    for row, cells in zip(rows, grid.rows, strict=True):
        assert row[first:-1] == list(cells[1:])
    assert ("CSV", f"tables/{name}.csv") in shown[name].files


def test_every_model_has_its_sample_flow_and_shared_ones_are_shown_once(synthetic, facts):
    models = {model.name: model for model in facts["models"]}
    assert list(models) == list(synthetic.models)
    flows = [m.flow.rows for m in models.values() if m.flow]
    assert len(flows) == len(set(flows))
    assert all(m.flow or m.same_as or synthetic.models[m.name].printed for m in models.values())


def test_filters_offer_what_there_is_to_choose(facts):
    assert "country" not in facts["filters"]
    assert [value for value, _ in facts["filters"]["wave"]] == ["CIS2", "CIS4"]
    assert {value for value, _ in facts["filters"]["verdict"]} == {
        one.verdict for card in facts["cards"] for one in card.page.evidence
    }


def test_codebooks_are_counted_by_how_sure_they_are(facts):
    grid = facts["codebooks"]
    assert grid.heads[2:] == ("From a public document",)
    assert [row[0].rpartition(", ")[2] for row in grid.rows] == ["CIS2", "CIS4", "accounts"]
    assert {row[2] for row in grid.rows} == {"3"}  # one of four is not in the questionnaire


def test_words_of_the_page_are_no_names_of_the_program(facts):
    words = [text for model in facts["models"] for _, text in model.facts]
    words += [
        mark.label for card in facts["cards"] for chart in card.charts for mark in chart.lines
    ]
    assert [text for text in words if "_" in text] == []


def test_more_places_than_fit_are_summed_up(facts):
    assert all(len(card.brief) <= MOST_PLACES for card in facts["cards"])
