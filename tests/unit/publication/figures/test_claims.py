from dataclasses import replace

import numpy as np
import pytest

from cisflow.publication.figures.claims import any_claim, claims_figure, yardstick
from cisflow.publication.tables.claims import place_of

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


def test_without_an_estimate_there_is_no_figure(synthetic):
    none = synthetic.claims.assign(estimate=np.nan)
    assert not any_claim(replace(synthetic, claims=none))
    assert any_claim(claims_of(synthetic))


def test_a_place_is_short_where_there_is_one_country(synthetic):
    row = {"country": "BE", "wave": "CIS4"}
    assert place_of(synthetic, row, short=True) == "CIS4"
    assert place_of(synthetic, row).endswith(", CIS4")
    assert place_of(synthetic, {"country": "", "wave": ""}) == "All"
