"""What a run leaves is found by country, wave and model, and says why where it found nothing."""

from dataclasses import replace

import pandas as pd

from cisflow.base.records import write_table
from cisflow.claims.verdicts import CLAIMS
from cisflow.estimation.estimates import ESTIMATES, NO_ESTIMATE, OBSERVED, POOLED
from cisflow.panel.sample import FLOW
from cisflow.publication.findings import groups_in, read_findings


def test_a_claim_keeps_its_text_wave_names(tmp_path, synthetic):
    claims = synthetic.claims
    write_table(claims.assign(wave="2010", country="NA"), tmp_path / "c.csv", "SYNTHETIC")
    read = CLAIMS.read([tmp_path / "c.csv"])
    assert set(read["wave"]) == {"2010"}
    assert set(read["country"]) == {"NA"}
    assert pd.api.types.is_float_dtype(read["estimate"])


def test_what_was_fitted_is_found_by_place_and_model(synthetic):
    country, (wave, *_) = next(iter(synthetic.countries.items()))
    rows = synthetic.rows(country, wave, "faems2005")
    assert len(rows) > 0
    assert {*zip(rows["country"], rows["wave"], rows["model"], strict=True)} == {
        (country, wave, "faems2005")
    }
    assert synthetic.why_not(country, wave, "faems2005") == ""
    fits = synthetic.fits(country, wave, "faems2005")
    assert {fit["wave"] for fit in fits} == {wave}
    assert synthetic.fit(country, wave, "faems2005") == fits[0]
    assert synthetic.fit(country, "no such wave", "faems2005") == {}


def test_main_rows_are_those_of_the_first_covariance_and_reasons_that_have_none(synthetic):
    country, (wave, *_) = next(iter(synthetic.countries.items()))
    rows = synthetic.rows(country, wave, "faems2005")
    first = str(synthetic.models["faems2005"].covariance[0])
    other = rows.assign(cov_type="cluster(industry)")
    reason = rows.head(1).assign(cov_type="", status=NO_ESTIMATE, note="too few firms")
    more = replace(synthetic, estimates=pd.concat([rows.assign(cov_type=first), other, reason]))
    main = more.main_rows(country, wave, "faems2005")
    assert main["cov_type"].tolist() == [first] * len(rows) + [""]


def test_a_model_without_any_estimate_says_why(synthetic):
    country, (wave, *_) = next(iter(synthetic.countries.items()))
    row = {"country": country, "wave": wave, "model": "faems2005"}
    found = {"status": NO_ESTIMATE, "note": "nobody cooperates"}
    none = replace(synthetic, estimates=ESTIMATES.frame([{**row, **found}]))
    assert none.why_not(country, wave, "faems2005") == "nobody cooperates"
    silent = replace(synthetic, estimates=ESTIMATES.frame([]))
    assert silent.why_not(country, wave, "faems2005") == (
        "the model was not estimated on this wave"
    )


def test_claims_on_pooled_estimates_are_read_apart(tmp_path, synthetic):
    rows = [{"claim": "C1", "country": c, "wave": "all"} for c in ("BE", POOLED, "NL")]
    write_table(CLAIMS.frame(rows), tmp_path / "claims.csv", "SYNTHETIC")
    files = {"estimates": ESTIMATES.frame([]), "samples": FLOW.frame([])}
    for name, table in files.items():
        write_table(table, tmp_path / f"{name}.csv", "SYNTHETIC")
    found = read_findings(
        synthetic.settings,
        {name: model.as_params() for name, model in synthetic.models.items()},
        estimates=[tmp_path / "estimates.csv"],
        diagnostics=[],
        claims=tmp_path / "claims.csv",
        samples=[tmp_path / "samples.csv"],
    )
    assert found.claims["country"].tolist() == ["BE", "NL"]
    assert found.pooled_claims["country"].tolist() == [POOLED]
    assert found.models == synthetic.models
    assert found.synthetic
    assert found.rates.empty


def test_clusters_are_told_where_there_are_any():
    rows = pd.DataFrame({"groups": [None, 12.0, 12.0]}, dtype="float64")
    assert groups_in(rows) == 12
    assert groups_in(rows.head(1)) is None


def test_a_model_that_has_effects_alone_is_estimated(synthetic):
    rows = synthetic.estimates
    mine = rows["model"] == "faems2005"
    made = replace(synthetic, estimates=rows.assign(quantity=rows["quantity"].mask(mine, OBSERVED)))
    assert made.why_not("BE", "CIS2", "faems2005") == ""
