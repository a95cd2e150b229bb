"""The page's facts are those of the findings."""


def test_words_of_the_page_are_no_names_of_the_program(facts):
    words = [text for model in facts["models"] for _, text in model.facts]
    words += [
        mark.label for card in facts["cards"] for chart in card.charts for mark in chart.lines
    ]
    assert [text for text in words if "_" in text] == []


def test_verdicts_are_counted_over_all_claims_and_places(facts):
    deciding = [one for card in facts["cards"] for one in card.page.deciding]
    assert sum(count for _, count in facts["tally"]) == len(deciding)
    for verdict, count in facts["tally"]:
        assert sum(one.verdict == verdict for one in deciding) == count
