from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from cisflow.publication.figures.canvas import TALL
from cisflow.publication.figures.claims import any_claim, claims_figure, yardstick
from cisflow.publication.tables.claims import place_of
from cisflow.publication.tables.pooled import LETTERS

ROW = {"band": np.nan, "claimed": np.nan, "mde": 4.0}


@pytest.mark.parametrize(
    ("about", "unit"),
    [({"band": 3.0}, (3.0, True)), ({"claimed": -0.11}, (0.11, True)), ({}, (4.0, False))],
)
def test_an_estimate_is_measured_by_what_its_claim_names_or_the_sample_detects(about, unit):
    assert yardstick({**ROW, **about}) == unit


def claims_of(findings):
    claims = findings.claims.copy()
    claims.loc[claims["estimate"].notna(), ["mde", "claimed"]] = [4.0, np.nan]
    return replace(findings, claims=claims)


def test_every_claim_with_an_estimate_has_its_verdict_beside_it(synthetic):
    findings = claims_of(synthetic)
    figure = claims_figure(findings)
    texts = [text.get_text() for text in figure.axes[0].texts]
    known = findings.claims.drop_duplicates(["claim", "country", "wave"])
    known = known[known["estimate"].notna() & known["ci_low"].notna()]
    assert len(known) > 3
    for claim in known["claim"].unique():
        assert any(text.startswith(f"{claim} ") for text in texts), claim
    verdicts = [text for text in texts if text in {"inconclusive", "supported", "contradicted"}]
    assert len(verdicts) <= len(known)


def test_an_estimate_beyond_the_edge_is_an_arrow_within_it(synthetic):
    claims = claims_of(synthetic).claims
    first = claims["estimate"].notna() & claims["ci_low"].notna()
    claims.loc[claims.index[first][0], ["estimate", "ci_low", "ci_high"]] = [90.0, 80.0, 99.0]
    axes = claims_figure(replace(synthetic, claims=claims)).axes[0]
    arrows = [line for line in axes.lines if line.get_marker() == ">"]
    (x,) = arrows[0].get_xdata()
    assert len(arrows) == 1
    assert x < axes.get_xlim()[1]


def test_without_an_estimate_there_is_no_figure(synthetic):
    none = synthetic.claims.assign(estimate=np.nan)
    assert not any_claim(replace(synthetic, claims=none))
    assert any_claim(claims_of(synthetic))


def test_a_place_is_short_where_there_is_one_country(synthetic):
    row = {"country": "BE", "wave": "CIS4"}
    assert place_of(synthetic, row, short=True) == "CIS4"
    assert place_of(synthetic, row).endswith(", CIS4")
    assert place_of(synthetic, {"country": "", "wave": ""}) == "All"


def of_waves(findings, waves):
    """Return findings of one country with so many waves, each with the same claims."""
    settings = findings.settings
    countries = {"BE": {**settings["countries"]["BE"], "waves": {w: {} for w in waves}}}
    first = findings.claims[findings.claims["wave"] == "CIS4"].assign(mde=4.0, country="BE")
    claims = pd.concat([first.assign(wave=wave) for wave in waves], ignore_index=True)
    return replace(findings, settings={**settings, "countries": countries}, claims=claims)


def test_of_several_waves_each_claim_has_a_letter_and_of_many_the_number_of_each_verdict(synthetic):
    waves = [f"W{i}" for i in range(6)]
    for some in (waves[:4], waves):
        findings = of_waves(synthetic, some)
        figure = claims_figure(findings)
        rows = findings.claims.drop_duplicates(["claim", "wave"])
        told = rows["estimate"].notna() & rows["ci_low"].notna()
        drawn = rows[rows["claim"].isin(rows.loc[told, "claim"])]
        texts = [text.get_text() for text in figure.axes[0].texts]
        names = [text.get_text() for of in figure.legends for text in of.texts]
        if len(some) == 4:
            assert set(some) <= set(names)
            assert sum(text in set(LETTERS.values()) for text in texts) == len(drawn)
        else:
            assert not set(some) & set(names)
            assert sum(int(text) for text in texts if text.isdigit()) == len(drawn)


def test_a_picture_of_thirty_claims_on_four_waves_is_read_on_a_page(synthetic):
    findings = of_waves(synthetic, ["W1", "W2", "W3", "W4"])
    known = findings.claims[findings.claims["estimate"].notna()].drop_duplicates(["claim", "wave"])
    claim = known[known["claim"] == known["claim"].iloc[0]].assign(text="of two lines " * 7)
    claims = pd.concat([claim.assign(claim=f"C{i}") for i in range(25)], ignore_index=True)
    figure = claims_figure(replace(findings, claims=claims))
    assert TALL / figure.get_size_inches()[1] > 0.85
