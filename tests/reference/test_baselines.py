"""The baselines that ship load, are small, and are of the models and claims that ship."""

import pytest
import yaml

from cisflow.base.documents import read_yaml
from cisflow.publication.baseline import ROW, read_baseline
from cisflow.study.claims import Claims
from cisflow.study.tolerances import load_tolerances

RUNS = {"flanders": "config", "nigeria": "nigeria", "waves": "waves", "europe": "europe"}
LARGEST = 450_000  # bytes, so that git shows what moved


@pytest.fixture(
    scope="module",
    params=["flanders", "nigeria", "waves", "waves_balance", "waves_by_lag", "europe"],
)
def shipped(request, root):
    """A baseline: its file, the settings beside it, and the config of its run."""
    file = root / "tests/baselines" / f"{request.param}.csv"
    if not file.is_file() and request.param not in ("flanders", "nigeria"):
        pytest.skip("make baselines has not been run for it since its models changed")
    config = RUNS[request.param.partition("_")[0]]
    run = yaml.safe_load((root / "config" / f"{config}.yaml").read_text())
    return file, load_tolerances(file.with_suffix(".yaml")), run


def test_it_is_small_and_saved_as_it_is_checked(shipped):
    file, settings, _ = shipped
    rows = read_baseline(file, settings.keep)
    assert file.stat().st_size < LARGEST
    assert len(rows) == len(read_baseline(file))  # nothing in it that a check leaves aside
    numbered = rows.assign(copy=rows.groupby(list(ROW[:-1])).cumcount())
    assert not numbered.duplicated(list(ROW)).any()


def test_it_has_every_model_it_is_to_keep_and_the_run_has_these(shipped):
    file, settings, run = shipped
    models = set(read_baseline(file, settings.keep).query("claim == ''")["model"])
    assert models <= set(run["models"])
    assert models == set(settings.keep.models or run["models"])


def test_it_has_a_verdict_on_every_claim_in_every_country_and_wave(shipped, root):
    file, settings, run = shipped
    rows = read_baseline(file, settings.keep).query("claim != '' and country != 'pooled'")
    claims = Claims.model_validate(read_yaml(root / "config/claims.yaml")).claims
    assert set(rows["claim"]) == set(claims)
    assert rows["verdict"].ne("").all()
    places = {(c, w) for c, of in run["countries"].items() for w in of["waves"]}
    single = {name for name, claim in claims.items() if claim.test and not claim.test.share}
    found = {(r.claim, r.country, r.wave) for r in rows.itertuples()}
    assert {(name, *place) for name in single for place in places} <= found
