"""A card shows the estimates of its claim."""

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


def test_filters_offer_what_there_is_to_choose(facts):
    assert "country" not in facts["filters"]
    assert [value for value, _ in facts["filters"]["wave"]] == ["CIS2", "CIS4"]
    assert {value for value, _ in facts["filters"]["verdict"]} == {
        one.verdict for card in facts["cards"] for one in card.page.evidence
    }


def test_more_places_than_fit_are_summed_up(facts):
    assert all(len(card.brief) <= MOST_PLACES for card in facts["cards"])
