"""`cisflow check`: all that is wrong with a config, its codebooks and its files, at once."""

import json

import pandas as pd
import pytest
import unseen_survey
import yaml
from small_survey import accounts, write_accounts

from cisflow.assist.checking import check_run
from cisflow.assist.scaffold import initialise
from cisflow.assist.screen import findings_record, findings_text
from cisflow.base.problems import CisflowError

SETTINGS = {
    "run": "se",
    "title": "A run",
    "data": "real",
    "seed": 1,
    "models": ["faems2005"],
}


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A folder in which a user works."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data").mkdir()
    (tmp_path / "config").mkdir()
    return tmp_path


def config(here, waves, accounts=None, **changes):
    """Write a config of one country, and return its file."""
    about = {"name": "Sweden", "waves": waves, **({"accounts": accounts} if accounts else {})}
    file = here / "config" / "se.yaml"
    file.write_text(yaml.safe_dump({**SETTINGS, "countries": {"SE": about}, **changes}))
    return file


def told(findings):
    """Return what is wrong, by heading."""
    said: dict[str, list[str]] = {}
    for where, problem in findings.errors:
        said.setdefault(where, []).append(problem.said)
    return said


def test_good_run_has_nothing_wrong_and_nothing_written(here, root):
    survey = unseen_survey.harmonised(here / "data")
    file = config(here, {"2012": {"file": "data/cis2012.csv", "codebook": "eurostat/cis2012"}})
    before = sorted(here.rglob("*"))
    findings = check_run(file, root)
    assert findings.errors == []
    assert findings.extracts == [
        {
            "country": "SE",
            "wave": "2012",
            "file": "data/cis2012.csv",
            "codebook": "eurostat/cis2012",
            "rows": 360,
            "rows_kept": 360,
        }
    ]
    assert [row["model"] for row in findings.models if row["supported"]] == ["faems2005"]
    assert sorted(here.rglob("*")) == before
    text = findings_text(findings_record(findings, file))
    assert "ready to run; all that is published will be marked DRAFT MAPPING (21 variables" in text
    assert "nothing is wrong" not in text
    assert survey.extract.is_file()


def test_everything_wrong_is_told_at_once(here, root):
    survey = unseen_survey.harmonised(here / "data")
    frame = pd.read_csv(survey.extract, dtype=str)
    frame.loc[:4, "CO"] = "7"
    frame.loc[:4, "TURNMAR"] = "250"
    frame.rename(columns={"EMP12": "HEADS"}).to_csv(survey.extract, index=False)
    unsettled = here / "config" / "mine.yaml"
    unsettled.write_text(
        "# TODO: turnover: which of the two?\ntitle: Mine\nextends: eurostat/cis2012\n"
        "variables: {turnover: {name: TURN12}}\n"
    )
    broken = here / "config" / "broken.yaml"
    broken.write_text(
        "title: Broken\nextends: eurostat/cis2012\nvariables: {trunover: {name: X}}\n"
    )
    file = config(
        here,
        {
            "2012": {"file": "data/cis2012.csv", "codebook": "config/mine.yaml"},
            "2014": {"file": "data/absent.csv", "codebook": "eurostat/cis2014"},
            "2016": {"file": "data/cis2012.csv", "codebook": "config/broken.yaml"},
        },
        models=["faems2005", "faems2006"],
        color="blue",
    )
    findings = check_run(file, root)
    said = "\n".join(f"{where}: {what}" for where, each in told(findings).items() for what in each)
    # An unknown key stops the config's own check; the files are looked into all the same.
    assert "unknown key `color`" in said
    assert "config/mine.yaml: line 1 is still to do: turnover: which of the two?" in said
    assert "Sweden, wave 2012 (data/cis2012.csv): employees: column 'EMP12' or 'EMP2012'" in said
    assert "coop_any (column 'CO'): outside the codes 0/1: fewer than 10 values" in said
    assert "share_new_market (column 'TURNMAR'): fewer than 10 values above 100" in said
    document = yaml.safe_load(file.read_text())
    del document["color"]
    file.write_text(yaml.safe_dump(document))
    said = told(check_run(file, root))
    own = "\n".join(said["config/se.yaml"])
    assert "`faems2006` is not in config/models.yaml" in own
    assert "data/absent.csv" in own
    assert "unknown variable `trunover`" in own
    assert len(said["Sweden, wave 2012 (data/cis2012.csv)"]) == 3


def test_every_problem_has_a_remedy_and_json_is_complete(here, root):
    unseen_survey.harmonised(here / "data", yes="1", no="2")
    file = config(here, {"2012": {"file": "data/cis2012.csv", "codebook": "eurostat/cis2012"}})
    record = findings_record(check_run(file, root), file)
    assert json.loads(json.dumps(record)) == record
    keys = {"config", "ok", "errors", "warnings", "extracts", "models", "unconfirmed"}
    assert set(record) == keys
    assert not record["ok"]
    assert len(record["errors"]) > 10
    assert all(entry["where"] and entry["what"] and entry["remedy"] for entry in record["errors"])
    text = findings_text(record)
    assert "not ready to run" in text
    assert max(map(len, text.splitlines())) <= 100


def test_warnings_do_not_stop_a_run(here, root):
    survey = unseen_survey.harmonised(here / "data")
    frame = pd.read_csv(survey.extract, dtype=str)
    frame["TURN12"] = (frame["TURN12"].astype(float) * 1000).astype(str)
    frame.to_csv(survey.extract, index=False)
    file = config(here, {"2012": {"file": "data/cis2012.csv", "codebook": "eurostat/cis2012"}})
    findings = check_run(file, root)
    assert findings.errors == []
    assert any("turnover per employee" in problem.said for _, problem in findings.warnings)


def test_models_say_what_a_wave_lacks(here, root):
    survey = unseen_survey.harmonised(here / "data")
    pd.read_csv(survey.extract, dtype=str).drop(columns="GP").to_csv(survey.extract, index=False)
    (here / "config" / "no_group.yaml").write_text(
        "title: No group\nextends: eurostat/cis2012\n"
        "variables: {group: null, foreign_group: null}\n"
    )
    waves = {"2012": {"file": "data/cis2012.csv", "codebook": "config/no_group.yaml"}}
    findings = check_run(config(here, waves, models=["faems2005", "faems2010_direct"]), root)
    lacks = {row["model"]: row["lacks"] for row in findings.models}
    assert lacks["faems2005"] == {"group": ["group"]}
    assert lacks["faems2010_direct"]["profit_margin"] == ["company accounts"]


def test_run_that_could_estimate_nothing_is_refused(here, root):
    survey = unseen_survey.harmonised(here / "data")
    lacks = ["TURNMAR", "TURNIN"]
    frame = pd.read_csv(survey.extract, dtype=str)
    frame.drop(columns=lacks).to_csv(survey.extract, index=False)
    (here / "config" / "unchanged.yaml").write_text(
        "title: No shares\nextends: eurostat/cis2012\nshares: {sum_to_100: []}\n"
        "variables: {share_new_market: null, share_new_firm: null}\n"
    )
    waves = {"2012": {"file": "data/cis2012.csv", "codebook": "config/unchanged.yaml"}}
    findings = check_run(config(here, waves), root)
    assert told(findings) == {"config/se.yaml": ["models: no wave supports any of them"]}
    ((_, problem),) = findings.errors
    assert "faems2005 comes nearest, in wave 2012" in problem.remedy
    assert problem.remedy.endswith("what makes up incremental, radical")


def test_accounts_of_other_firms_are_told(here, root):
    unseen_survey.harmonised(here / "data")
    write_accounts(accounts(), here / "data" / "accounts.xlsx")
    waves = {"2012": {"file": "data/cis2012.csv", "codebook": "eurostat/cis2012"}}
    linked = {"file": "data/accounts.xlsx", "codebook": "accounts/belfirst"}
    file = config(here, waves, accounts=linked)
    findings = check_run(file, root)
    assert " years of firms, from " in findings_text(findings_record(findings, file))
    assert any("fewer than 5% of the surveyed firms" in p.what for _, p in findings.warnings)


def test_config_that_cannot_be_read_is_refused(here, root):
    (here / "config" / "se.yaml").write_text("countries: [\n")
    with pytest.raises(CisflowError, match="not readable as YAML"):
        check_run(here / "config" / "se.yaml", root)
    with pytest.raises(CisflowError, match="does not exist"):
        check_run(here / "config" / "other.yaml", root)


def test_run_to_be_simulated_is_checked_without_its_files(root):
    findings = check_run(root / "config" / "config.yaml", root)
    assert findings.errors == []


def test_changes_of_a_model_that_are_needless_are_told(here, root):
    unseen_survey.harmonised(here / "data")
    waves = {"2012": {"file": "data/cis2012.csv", "codebook": "eurostat/cis2012"}}
    changes = {"faems2005": {"controls": ["log_employees"]}}
    findings = check_run(config(here, waves, model_changes=changes), root)
    assert findings.errors == []
    assert [p.what for _, p in findings.warnings if "model_changes" in p.what] == [
        "model_changes.faems2005: every wave asks what the whole model needs"
    ]


def test_settled_todo_no_longer_stops(here, root):
    survey = unseen_survey.words_and_commas(here / "data")
    done = initialise(["NL"], {"2016": survey.extract}, root, labels_files=survey.labels)
    codebook = here / done["written"][0]
    text = codebook.read_text()
    codebook.write_text(text.replace("title:", "# TODO: decide\ntitle:", 1))
    config_file = here / done["written"][-1]
    assert ["decide" in p.what for _, p in check_run(config_file, root).errors] == [True]
    codebook.write_text(text)
    assert check_run(config_file, root).errors == []


def test_amounts_of_one_column_are_told(here):
    unseen_survey.harmonised(here / "data")
    (here / "config" / "codebooks").mkdir()
    text = "title: own\nextends: eurostat/cis2012\nvariables: {employees: {name: TURN12}}\n"
    (here / "config" / "codebooks" / "own.yaml").write_text(text)
    findings = check_run(
        config(here, {"2012": {"file": "data/cis2012.csv", "codebook": "own"}}), here
    )
    said = [problem.said for _, problem in findings.warnings]
    assert "employees and turnover are both read from 'TURN12'" in said


def test_a_reason_without_a_bound_is_told(here):
    survey = unseen_survey.harmonised(here / "data")
    frame = pd.read_csv(survey.extract)
    frame["CO"] = 0
    frame.to_csv(survey.extract, index=False)
    (here / "config" / "codebooks").mkdir()
    name = "no_partner_without_cooperation"
    text = (
        f"title: own\nextends: eurostat/cis2012\nvariables: {{}}\naccepts: {{{name}: so it is}}\n"
    )
    (here / "config" / "codebooks" / "own.yaml").write_text(text)
    findings = check_run(
        config(here, {"2012": {"file": "data/cis2012.csv", "codebook": "own"}}), here
    )
    (told_of,) = [p for _, p in findings.warnings if p.said.startswith(f"accepts: {name}")]
    assert f"`accepts: {{{name}: {{reason: …, up_to: " in told_of.remedy


def test_one_item_on_a_scale_that_runs_the_other_way_is_told(here):
    survey = unseen_survey.harmonised(here / "data")
    frame = pd.read_csv(survey.extract)
    names = ("suppliers", "clients", "competitors", "universities")
    entries = {}
    for i, name in enumerate(names):
        frame[f"S{i}"] = [0, 1, 2, 3] * (len(frame) // 4)
        up = {str(code): code if name != "clients" else 3 - code for code in range(4)}
        entries[f"source_{name}"] = {"name": f"S{i}", "codes": up}
    frame.to_csv(survey.extract, index=False)
    (here / "config" / "codebooks").mkdir()
    book = {"title": "own", "extends": "eurostat/cis2012", "variables": entries}
    (here / "config" / "codebooks" / "own.yaml").write_text(yaml.safe_dump(book))
    findings = check_run(
        config(here, {"2012": {"file": "data/cis2012.csv", "codebook": "own"}}), here
    )
    odd = [p.said for _, p in findings.warnings if "of its battery" in p.said]
    assert odd == ["source_clients reads the same codes otherwise than all others of its battery"]
