import pytest

from cisflow.publication.populations import flags_of, population_of, population_words


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        ([], "all firms"),
        (["manufacturing"], "manufacturing firms"),
        (["manufacturing", "innovation_active"], "innovation-active manufacturing firms"),
        (
            ["manufacturing", "innovation_active", "product_innovation"],
            "product innovators among manufacturing firms",
        ),
        (["innovation_active", "product_innovation"], "product innovators"),
        (["process_innovation", "small"], "process innovators among small firms"),
        (
            ["manufacturing", "has_accounts", "product_innovation"],
            "product innovators among manufacturing firms with company accounts",
        ),
        (["manufacturing", "coop_any"], "manufacturing firms that cooperate on innovation"),
        (["has_accounts", "group"], "firms with company accounts and with “part of a group”"),
    ],
)
def test_flags_make_the_words_of_a_population(flags, words):
    assert population_words(flags) == words


def test_a_population_is_whom_the_model_names_and_whom_the_survey_asked(synthetic):
    flags = ("manufacturing", "innovation_active", "product_innovation")
    assert population_of(synthetic, "BE", "CIS2", "faems2005") == flags
    assert flags_of(synthetic, "BE", ["all"], "faems2005") == list(flags)


def test_of_a_sample_nobody_described_the_model_speaks(real):
    flags = population_of(real, "NG", "1999", "faems2005")
    assert flags == ("manufacturing", "innovation_active")
