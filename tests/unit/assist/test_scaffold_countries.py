"""The twelve synthetic countries, with q1 … qN for names and labels in the country's language."""

import pytest
import reached
import yaml
from drafts_scored import drafted
from worded_countries import LANGUAGE_OF, write_country

from cisflow.raw.extract import column_names


@pytest.mark.parametrize("country", LANGUAGE_OF)
def test_country_is_read(country, root, tmp_path):
    survey = write_country(tmp_path, root, country, reached.WAVE_OF[country])
    names = column_names(survey.extract, {})
    assert names == [f"q{i + 1}" for i in range(len(names))]
    score = drafted(survey, tmp_path / "project")
    assert reached.TARGETS["countries"].met(score), score.told()


def test_all_twelve_countries_and_all_waves_are_tried(root):
    document = yaml.safe_load((root / "config/europe.yaml").read_text())
    assert set(LANGUAGE_OF) == set(document["countries"])
    waves = {wave for country in document["countries"].values() for wave in country["waves"]}
    assert set(reached.WAVE_OF.values()) == waves
