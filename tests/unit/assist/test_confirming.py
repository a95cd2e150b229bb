"""`cisflow confirm`, and what `check` and a run say before it."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from small_survey import CODEBOOK, SIZE_CLASS, good_survey

from cisflow.assist.cli import FAILED, FINE, WRONG, main
from cisflow.study.codebook import CHANGED, split_seal
from cisflow.study.codebook_files import load_codebook

CONFIG = {
    "run": "be",
    "title": "A run",
    "data": "real",
    "seed": 1,
    "models": ["mine"],
    "models_file": "config/models.yaml",
    "claims_file": "config/claims.yaml",
    "countries": {
        "BE": {"name": "Belgium", "waves": {"W1": {"file": "x.csv", "codebook": "mine"}}}
    },
}
MODEL = {
    "mine": {
        "title": "Cooperation and novelty",
        "source": "None",
        "estimator": "ols",
        "sample": ["manufacturing"],
        "outcomes": ["radical"],
        "columns": {"any": ["coop_any"]},
        "controls": ["log_employees"],
    }
}


@pytest.fixture
def here(tmp_path, monkeypatch, root):
    """A project with a survey and a codebook that `cisflow init` may have drafted."""
    monkeypatch.chdir(tmp_path)
    for folder in ("config/codebooks",):
        Path(folder).mkdir(parents=True)
    good_survey().to_csv("x.csv", index=False)
    drafted = "\n".join(
        line.replace("}", ", verified: drafted}") if line.startswith("  coop_") else line
        for line in (CODEBOOK + SIZE_CLASS).strip().splitlines()
    )
    head = "# Drafted by hand\n# LOOK: coop_any: CO was taken; COOP fits as well\n"
    head += "# LOOK: all is odd\n"
    Path("config/codebooks/mine.yaml").write_text(head + drafted + "    # the last\n")
    Path("config/models.yaml").write_text(yaml.safe_dump(MODEL))
    claims = yaml.safe_load((root / "config/claims.yaml").read_text())
    claims["claims"] = {"C1": {"text": "Trust pays", "source": "None", "not_measurable": "none"}}
    Path("config/claims.yaml").write_text(yaml.safe_dump(claims))
    write(CONFIG)
    return tmp_path


def write(config, **changes):
    Path("config/be.yaml").write_text(yaml.safe_dump({**config, **changes}, sort_keys=False))


def said(capsys, *words):
    """Return exit code and both outputs of a command, without its line breaks."""
    code = main(list(words))
    out = capsys.readouterr()
    return code, " ".join(out.out.split()), " ".join(out.err.split())


def states(capsys):
    """Return what `check` says is unconfirmed, as its JSON has it."""
    main(["check", "config/be.yaml", "--json"])
    return json.loads(capsys.readouterr().out)["unconfirmed"]


def state_of(variable, capsys):
    """Return the state of a variable that `check` says is unconfirmed; None of another."""
    capsys.readouterr()
    listed = {v["variable"]: v["state"] for e in states(capsys) for v in e["variables"]}
    return listed.get(variable)


def test_check_lists_what_is_unconfirmed_with_its_evidence_and_exits_with_0(here, capsys):
    code, out, _ = said(capsys, "check", "config/be.yaml")
    assert code == FINE
    assert "nothing is wrong" not in out
    assert "drafted: coop_any (CO was taken; COOP fits as well)" in out
    assert "not said: firm_id, nace, employees" in out
    assert "cisflow confirm config/codebooks/mine.yaml VARIABLE…" in out
    count = sum(len(extract["variables"]) for extract in states(capsys))
    assert f"DRAFT MAPPING ({count} variables unconfirmed)" in out


def test_a_record_of_it_is_an_error(here, capsys):
    write(CONFIG, record=True)
    code, out, _ = said(capsys, "check", "config/be.yaml")
    assert code == WRONG
    assert "variables are unconfirmed" in out
    assert out.endswith("not ready to run.")


def test_confirming_block_by_block_leaves_nothing_wrong(here, capsys):
    before = Path("config/codebooks/mine.yaml").read_text()
    code, out, _ = said(capsys, "confirm", "config/codebooks/mine.yaml", "partners", "coop_any")
    assert code == FINE
    assert "3 variables are confirmed: coop_suppliers_domestic, coop_suppliers_foreign" in out
    after = Path("config/codebooks/mine.yaml").read_text()
    # Comments stay, but for the doubt that is settled; all else is as it was.
    assert "# Drafted by hand\n# LOOK: all is odd\n" in after
    assert after.endswith("    # the last\n")
    left = [line for line in before.splitlines() if line not in after.splitlines()]
    assert [line.split(":")[0].strip() for line in left] == [
        *("# LOOK", "coop_any", "coop_suppliers_domestic", "coop_suppliers_foreign"),
    ]
    assert not list(Path("config/codebooks").glob(".*"))
    rest = ["firm", "shares", "spending", "sources"]
    assert said(capsys, "confirm", "mine", *rest)[0] == FINE
    code, out, _ = said(capsys, "check", "config/be.yaml")
    assert (code, states(capsys)) == (FINE, [])
    assert out.endswith("config/be.yaml: nothing is wrong.")


def test_a_variable_taken_over_is_confirmed_in_the_own_file(here, root):
    own = Path("config/codebooks/own.yaml")
    own.write_text("title: Own\nextends: mine\nvariables: {}\n")
    assert main(["confirm", "own", "turnover", "coop_any"]) == FINE
    loaded = load_codebook("own", ["config/codebooks", root / "config/codebooks"])
    assert {loaded.variables[v].verified for v in ("turnover", "coop_any")} == {"confirmed"}
    assert loaded.variables["turnover"].name == ("TURN", "TURNM")
    assert loaded.variables["nace"].verified is None


def test_for_a_codebook_that_ships_the_config_says_what_holds_of_its_file(here, capsys):
    waves = {w: {"file": "x.csv", "codebook": "eurostat/cis2012"} for w in ("W1", "W2")}
    write(CONFIG, countries={"BE": {"name": "Belgium", "waves": waves}})
    for target in ("eurostat/cis2012", "config/be.yaml"):
        code, _, err = said(capsys, "confirm", target, "turnover")
        assert code == FAILED
        assert "COUNTRY/WAVE" in err
    code, out, _ = said(capsys, "confirm", "config/be.yaml", "BE/W2", "turnover", "partners")
    assert code == FINE
    assert out.startswith("config/be.yaml, BE/W2: ")
    written = yaml.safe_load(Path("config/be.yaml").read_text())["countries"]["BE"]["waves"]
    first = written["W2"]["confirmed"]
    assert [split_seal(item)[0] for item in first] == ["turnover", "partners"]
    assert "confirmed" not in written["W1"]
    said(capsys, "confirm", "config/be.yaml", "BE/W2", "partners", "employees")
    written = yaml.safe_load(Path("config/be.yaml").read_text())["countries"]["BE"]["waves"]
    second = written["W2"]["confirmed"]
    assert [split_seal(item)[0] for item in second] == ["turnover", "partners", "employees"]
    assert second[:2] == first


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("coop_any: {name: CO,", "coop_any: {name: CO21,"),
        ("coop_any: {name: CO,", "coop_any: {name: CO, codes: {'1': no, '0': yes},"),
        ("coop_any: {name: CO,", "coop_any: {name: CO, blank_is_zero: true,"),
    ],
    ids=["column", "codes", "blanks"],
)
def test_a_mapping_that_is_edited_is_unconfirmed_again_and_that_is_said(here, capsys, old, new):
    book = Path("config/codebooks/mine.yaml")
    assert main(["confirm", "mine", "coop_any"]) == FINE
    confirmed = book.read_text()
    book.write_text(confirmed.replace(" coop_any: {", " coop_any: {source: The form, "))
    assert state_of("coop_any", capsys) is None
    assert old in confirmed
    book.write_text(confirmed.replace(old, new))
    assert "changed since it was confirmed: coop_any" in said(capsys, "check", "config/be.yaml")[1]
    assert main(["confirm", "mine", "coop_any"]) == FINE
    assert state_of("coop_any", capsys) is None


def test_what_a_config_confirms_is_held_against_the_codebook_as_it_is(here, root):
    main(["confirm", "mine", "coop_any"])
    loaded = load_codebook("mine", ["config/codebooks", root / "config/codebooks"])
    mine = loaded.configured({"confirmed": [f"turnover@{loaded.seal('turnover')}", "nace"]})
    assert (mine.variables["turnover"].verified, mine.variables["nace"].verified) == (
        *("confirmed", "confirmed"),
    )
    other = loaded.configured({"confirmed": ["turnover@abcdefgh", "coop_any@abcdefgh"]})
    assert other.variables["turnover"].verified == CHANGED
    assert other.variables["coop_any"].verified == "confirmed"  # the codebook itself says so


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["mine", "turnovr"], "`turnovr` is no variable or block that"),
        (["mine", "turnovr"], "did you mean `turnover`?"),
        (["mine", "parners"], "did you mean `partners`"),
        (["config/be.yaml", "BE/W2", "turnover"], "there is no extract `BE/W2`"),
        (["config/be.yaml", "BE/W2", "turnover"], "did you mean `BE/W1`?"),
        (["myne", "turnover"], "there is no codebook `myne` → did you mean `mine`?"),
        (["config/be.yaml", "BE/W1"], "nothing is named that is to be confirmed"),
    ],
)
def test_what_cannot_be_confirmed_is_told_with_near_names_and_nothing_is_written(
    here, capsys, words, expected
):
    before = [Path(f).read_bytes() for f in ("config/be.yaml", "config/codebooks/mine.yaml")]
    code, _, err = said(capsys, "confirm", *words)
    assert code == FAILED
    assert expected in err
    now = [Path(f).read_bytes() for f in ("config/be.yaml", "config/codebooks/mine.yaml")]
    assert before == now


def test_a_draft_that_reads_another_question_is_neither_silent_nor_fine(here, capsys):
    """Cooperation is read from a rare box: 6 % cooperate by it, and most others name a partner."""
    survey = good_survey()
    rare = pd.Series([1, *[0] * 14] * 4 + [None] * 10, dtype="Int64")
    named = np.resize([1, 1, 1, 1, 1, 1, 0], 60).tolist() + [None] * 10
    survey.assign(CO=rare, CO21=pd.Series(named, dtype="Int64")).to_csv("x.csv", index=False)
    code, out, _ = said(capsys, "check", "config/be.yaml")
    assert code == WRONG
    assert "The firm said it did not cooperate, and named a partner" in out
    assert out.endswith("not ready to run.")
    # Whoever accepts it says why, and what is published is marked all the same.
    book = Path("config/codebooks/mine.yaml")
    book.write_text(
        book.read_text().replace(
            "title:", "accepts: {no_partner_without_cooperation: so it is}\ntitle:", 1
        )
    )
    code, out, _ = said(capsys, "check", "config/be.yaml")
    assert code == FINE
    assert "DRAFT MAPPING" in out
    assert "nothing is wrong" not in out
