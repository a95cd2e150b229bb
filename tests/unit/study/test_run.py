"""A run is refused before any job starts when anything it names is not there."""

import copy
import shutil

import pytest
import yaml

from cisflow.base.problems import CisflowError
from cisflow.study.digests import code_digest
from cisflow.study.run import load_run


@pytest.fixture
def config(root):
    return yaml.safe_load((root / "config" / "config.yaml").read_text())


def refused(config, root):
    with pytest.raises(CisflowError) as caught:
        load_run(config, root, file="my.yaml")
    return str(caught.value)


def test_default_run_is_accepted(config, root):
    run = load_run(config, root)
    assert run.synthetic
    assert run.waves("BE") == ["CIS2", "CIS4"]
    assert [wave for _, wave, _ in run.sources()] == ["CIS2", "CIS4", "accounts"]
    assert list(run.models) == config["models"]
    assert run.models["faems2010_direct"].weights is None


def test_unknown_model_is_named(config, root):
    message = refused({**config, "models": ["faems2050"]}, root)
    assert "`faems2050` is not in config/models.yaml" in message
    assert "did you mean `faems2005`" in message


def test_models_may_be_changed_for_a_run(config, root):
    changes = {"faems2005": {"controls": ["rd_intensity"], "fixed_effects": ["size_class"]}}
    run = load_run({**config, "model_changes": changes}, root)
    assert run.models["faems2005"].controls == ("rd_intensity",)
    assert run.models["faems2005"].outcomes == ("incremental", "radical")
    assert run.digests["faems2005"] != load_run(config, root).digests["faems2005"]
    # A claim about a term that this run leaves out is no mistake; its verdict will say so.
    dropped = {"balanced_portfolio": {"columns": {"interaction": ["coop_exploitative"]}}}
    load_run({**config, "model_changes": dropped}, root)


OWN = {
    "my_model": {
        "title": "t",
        "sample": ["manufacturing"],
        "estimator": "ols",
        "outcomes": ["innovation_strength"],
        "columns": {"a": ["diversity"]},
    }
}


@pytest.fixture
def own(config, tmp_path):
    (tmp_path / "models.yaml").write_text(yaml.safe_dump(OWN))
    return {**config, "models_file": str(tmp_path / "models.yaml"), "models": ["my_model"]}


@pytest.mark.parametrize("name", ["my_model", "faems2005", "faems2005b"])
def test_a_models_file_of_ones_own_needs_none_of_our_claims(own, root, tmp_path, name):
    (tmp_path / "models.yaml").write_text(yaml.safe_dump({name: OWN["my_model"]}))
    run = load_run({**own, "models": [name]}, root)
    assert list(run.models) == [name]
    assert len(run.claims.claims) > 10


def test_a_models_file_of_ones_own_may_bring_its_claims_or_none(own, root, tmp_path):
    file = tmp_path / "claims.yaml"
    file.write_text("claims: {}")
    run = load_run({**own, "claims_file": str(file)}, root)
    assert run.claims.claims == {}
    assert run.claims.rule.significance == 0.05
    test = {"model": "my_model", "outcome": "innovation_strength", "column": "a"}
    mine = {"text": "t", "source": "s", "test": {**test, "term": "diversity", "expect": "positive"}}
    file.write_text(yaml.safe_dump({"claims": {"M1": mine}}))
    assert list(load_run({**own, "claims_file": str(file)}, root).claims.claims) == ["M1"]
    mine["test"]["model"] = "my_modle"
    file.write_text(yaml.safe_dump({"claims": {"M1": mine}}))
    assert "did you mean `my_model`" in refused({**own, "claims_file": str(file)}, root)
    mine["test"]["model"] = "faems2005"  # of another models file: not run, and no mistake
    file.write_text(yaml.safe_dump({"claims": {"M1": mine}}))
    load_run({**own, "claims_file": str(file)}, root)


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ("rd_intensty <= 100", "did you mean `rd_intensity`"),
        ("rd_intensity", "is no question of yes or no"),
        ("rd_intensity <= ", "rule.outliers"),
        ("industry <= 3", "rule.outliers"),
    ],
)
def test_a_rule_of_outliers_that_no_firm_can_be_asked_is_refused(
    own, root, tmp_path, rule, message
):
    file = tmp_path / "claims.yaml"
    file.write_text(yaml.safe_dump({"rule": {"outliers": rule}, "claims": {}}))
    assert message in refused({**own, "claims_file": str(file)}, root)


def test_changes_of_models_are_checked(config, root):
    message = refused({**config, "model_changes": {"faems2005": {"control": ["group"]}}}, root)
    assert "unknown key `control`" in message
    message = refused({**config, "model_changes": {"faems2006": {"controls": ["group"]}}}, root)
    assert "model_changes: there is no model `faems2006`" in message


def test_unknown_codebook_is_named(config, root):
    changed = copy.deepcopy(config)
    changed["countries"]["BE"]["waves"]["CIS4"]["codebook"] = "eurostat/cis44"
    message = refused(changed, root)
    assert "countries.BE.CIS4" in message
    assert "eurostat/cis4" in message


def test_missing_extract_of_a_real_survey_says_where_to_look(config, root, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    real = {k: v for k, v in config.items() if k != "simulate"} | {"data": "real"}
    message = refused(real, root)
    assert "3 problems" in message
    assert "Flanders (Belgium), wave CIS2 (data/raw/synthetic/flanders/BE/cis2.sav)" in message
    assert "data/README.md" in message


def test_simulation_may_not_write_over_delivered_extracts(config, root):
    changed = copy.deepcopy(config)
    changed["countries"]["BE"]["waves"]["CIS4"]["file"] = "data/raw/BE/cis4.dta"
    assert "would be written by the simulation" in refused(changed, root)


def test_simulation_of_real_data_is_refused(config, root):
    assert "`data` is `real`" in refused({**config, "data": "real"}, root)


def test_digest_changes_with_an_imported_module_and_only_then(root, tmp_path, monkeypatch):
    package = tmp_path / "src" / "cisflow"
    shutil.copytree(root / "src" / "cisflow", package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(root / "workflow", tmp_path / "workflow")
    monkeypatch.setattr("cisflow.study.digests.PACKAGE", package)

    def digests():
        code_digest.__globals__["_source_and_imports"].cache_clear()
        return {s: code_digest(s, tmp_path) for s in ("ingest_wave", "panel", "estimate", "judge")}

    before = digests()
    for name, users in {
        "estimators/tobit/model.py": {"estimate"},
        "claims/verdicts.py": {"judge"},
    }.items():
        path = package / name
        path.write_text(path.read_text() + "\n# edited\n")
        after = digests()
        assert {script for script in before if before[script] != after[script]} == users
        before = after


def test_an_average_that_reaches_back_before_the_survey_is_refused(config, root):
    config["lag_average"] = 4
    with pytest.raises(CisflowError, match="lag_average: 4 years up to 2 after the survey reach"):
        load_run(config, root)


def test_a_deflator_that_is_not_there_is_refused(config, root):
    config["countries"]["BE"]["accounts"]["deflator"] = {"file": "none.csv", "base_year": 2006}
    with pytest.raises(CisflowError, match=r"accounts\.deflator\.file: none\.csv does not exist"):
        load_run(config, root)
