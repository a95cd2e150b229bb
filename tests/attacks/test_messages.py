"""A message quotes no value of a column but short codes that many rows have, and counts no few."""

import errno
import json
import re
import warnings

import pandas as pd
import pytest
from small_survey import accounts, codebook_folders, firms, write_accounts

from cisflow.assist.cli import main
from cisflow.base.problems import CisflowError, counted, counted_of, reported, values_told
from cisflow.estimators.errors import warn_no_estimate
from cisflow.study.codebook_files import load_codebook
from cisflow.survey.ingest import ingest_accounts, ingest_wave

SECRETS = {
    "a name": "Vandenberghe Staal NV",
    "an identifier": "0417497106",
    "an amount": "48213977",
    "a decimal": "77312.25",
    "a date": "1987-03-14",
    "a short text": "Gent",
    "a short amount": "91.7",
    "mail": "jan@staal.be",
    "a formula": "=A1+7731",
    "markup": "<b>7731</b>",
    "terminal": "\x1b[31m7731",
}
COLUMNS = [
    *("ID", "NACE", "EMP", "TURN", "INPDGD", "INPDSV", "INPS", "TURNUNG", "TURNIN", "TURNMAR"),
    *("NEWMKT", "RRDIN", "RRDINX", "CO", "CO21", "CO22", "CO23", "SCLI"),
]


@pytest.fixture
def told(tmp_path, root, monkeypatch):
    """Return a function from raw firms to what is said of them."""
    monkeypatch.chdir(tmp_path)

    def told(frame, **source):
        codebook = load_codebook("small", codebook_folders(tmp_path, root)).configured(source)
        frame.to_csv("bad.csv", index=False)
        try:
            ingest_wave("bad.csv", codebook, "BE", "CIS4", name="Belgium")
        except CisflowError as error:
            return str(error)
        return ""

    return told


def many(n):
    """Return the small survey n times over, every firm with an identifier of its own."""
    frame = pd.concat([firms()] * n, ignore_index=True)
    return frame.assign(ID=[f"{i:010}" for i in range(len(frame))])


@pytest.mark.parametrize("secret", SECRETS.values(), ids=SECRETS)
@pytest.mark.parametrize("column", COLUMNS)
def test_a_value_of_a_firm_is_never_quoted(told, column, secret):
    frame = many(5)
    frame.loc[[3, 9], column] = secret
    said = told(frame)
    assert secret not in said
    assert "7731" not in said
    assert "×2" not in said


@pytest.mark.parametrize("secret", ["Vandenberghe Staal NV", "48213977", "0417497106", "jan@x.be"])
@pytest.mark.parametrize("column", ["CO", "NACE", "SCLI", "RRDIN"])
def test_nor_if_many_rows_have_it(told, column, secret):
    frame = many(5)
    frame.loc[range(20), column] = secret
    said = told(frame)
    assert column in said
    assert secret not in said


def test_codes_that_many_rows_have_are_named(told):
    frame = many(6)
    frame.loc[range(12), "CO"] = "7"
    frame.loc[[13, 14], "CO"] = "8"
    said = told(frame)
    assert "7 (×12) and fewer than 10 values more" in said
    assert "8 (" not in said
    assert "14" not in said.split("→")[0]
    assert "cisflow inspect FILE --column 'CO'" in said


@pytest.mark.parametrize("few", range(1, 10))
@pytest.mark.parametrize(
    ("column", "value"), [("CO", "7"), ("EMP", "-5"), ("EMP", "x"), ("ID", "")]
)
def test_no_count_below_ten_is_told(told, column, value, few):
    frame = many(20)
    frame.loc[range(few), column] = value
    said = told(frame).partition("nothing was written.")[2].split("→")[0]
    assert "fewer than 10" in said
    numbers = {int(n) for n in re.findall(r"(?<![\w'/-])\d+(?![\w'/])", said)}
    assert numbers <= {0, 1, 10, 120} - ({1} if few == 1 and column != "CO" else set())


def test_identifiers_that_stand_there_twice_are_not_named(told):
    frame = many(3)
    frame.loc[1, "ID"] = frame.loc[0, "ID"]
    said = told(frame)
    assert "fewer than 10 identifiers occur more than once (fewer than 10 rows)" in said
    assert frame.loc[0, "ID"] not in said


@pytest.mark.parametrize("column", ["ID", "TURN", "EMP"])
def test_a_wrong_selection_lists_no_values_of_firms(told, column):
    said = told(many(4), select={column: "nobody"})
    assert "none of the file's rows" in said
    for value in many(4)[column]:
        assert not value or f" {value}" not in said.split("→")[1]


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("Consolidation code", "Vandenberghe Staal NV"),
        ("BvD ID number", "BE0002"),
        ("Added value\nth EUR 2006", "Vandenberghe Staal NV"),
        ("Added value\nth EUR 2006", "0417.497,10,6"),
    ],
)
def test_accounts_quote_nothing_either(root, tmp_path, monkeypatch, column, value):
    monkeypatch.chdir(tmp_path)
    frame = accounts()
    frame[column] = frame[column].astype(object) if column in frame else None
    frame.loc[0, column] = value
    write_accounts(frame, tmp_path / "bad.xlsx", "Results")
    codebook = load_codebook("accounts/belfirst", [root / "config/codebooks"])
    with pytest.raises(CisflowError) as caught:
        ingest_accounts("bad.xlsx", codebook, "BE", name="Belgium")
    assert value not in str(caught.value)
    assert "Vandenberghe" not in str(caught.value)


def test_counts_and_their_rest_are_told_from_ten_on():
    assert counted(10, "row") == "10 rows"
    assert {counted(n, "row") for n in range(1, 10)} == {"fewer than 10 rows"}
    assert counted_of(3, 60, "row") == "fewer than 10 of 60 rows"
    assert counted_of(58, 60, "row") == "nearly all of 60 rows"
    assert counted_of(60, 60, "row") == "60 of 60 rows"
    assert counted_of(3, 6, "row") == "fewer than 10 rows"


@pytest.mark.parametrize(
    ("counts", "said"),
    [
        ({"9": 30}, "9 (×30)"),
        ({"9": 30, "8": 3}, "9 (×30) and fewer than 10 values more"),
        ({"9": 30, "8": 3, "7": 8}, "9 (×30) and 11 values more"),
        ({"Gent 9": 30}, "30 values"),
        ({f"{i}": 30 for i in range(20)}, "600 values of 20 kinds"),
        ({"9": 3, "8": 2}, "fewer than 10 values"),
    ],
)
def test_what_is_told_of_values(counts, said):
    assert values_told(counts) == said


def test_a_column_can_be_looked_at_inside_the_centre(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    values = ["1"] * 40 + ["2"] * 12 + ["3"] * 4 + ["Vandenberghe"] * 15 + ["48213977"] + [""] * 20
    pd.DataFrame({"ID": range(len(values)), "CO": values}).to_csv("x.csv", index=False)
    assert main(["inspect", "x.csv", "--column", "co", "--json"]) == 0
    codes = json.loads(capsys.readouterr().out)["codes"]
    assert codes == {"1": 40, "2": 12, "other values": 20, "(blank)": 20}
    assert main(["inspect", "x.csv", "--column", "ID"]) == 0
    assert "other values" in capsys.readouterr().out
    assert main(["inspect", "x.csv", "--column", "nothing"]) == 2


def test_a_column_tells_no_few_by_difference(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    values = ["1"] * 40 + ["2"] * 12 + ["3"] * 4
    pd.DataFrame({"ID": range(len(values)), "CO": values}).to_csv("x.csv", index=False)
    assert main(["inspect", "x.csv", "--column", "CO", "--json"]) == 0
    codes = json.loads(capsys.readouterr().out)["codes"]
    assert codes == {"1": 40, "2": None, "other values": None, "(blank)": 0}


def test_a_first_row_of_a_firm_is_not_told_as_names(told):
    """A file without a row of names: its first firm stands where they are looked for."""
    firm = ["0417497106", "Vandenberghe Staal NV", "28", "48213977", "1"]
    message = told(pd.DataFrame([["0417497107", "Peeters", "9", "5", "0"]] * 30, columns=firm))
    assert "its first row looks like the answers of a firm" in message
    assert not [value for value in firm[:2] + firm[3:4] if value in message]


def test_nor_by_accounts(root, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names = ["0417497106", "Vandenberghe Staal NV", "48213977"]
    pd.DataFrame([["0417497107", "Peeters", "5"]] * 30, columns=names).to_csv("a.csv", index=False)
    codebook = load_codebook("accounts/belfirst", (root / "config" / "codebooks",))
    with pytest.raises(CisflowError) as error:
        ingest_accounts("a.csv", codebook, "BE", name="Belgium")
    assert not [value for value in names if value in str(error.value)]


def test_a_warning_of_another_package_that_quotes_a_firm_is_not_in_the_log(tmp_path):
    """pandas quotes the value that does not fit a column, and names our line as the place."""
    log = tmp_path / "results/r/logs/panel/BE.log"
    with reported(log), warnings.catch_warnings():
        warnings.simplefilter("always")
        words = "Setting an item: value 'Vandenberghe Staal NV' has incompatible dtype"
        warnings.warn(words, FutureWarning, stacklevel=1)
        warnings.warn(words, UserWarning, stacklevel=1)
    said = log.read_text(encoding="utf-8")
    assert said.count("Warning: in ") == 2
    assert "Vandenberghe" not in said
    assert str(tmp_path) not in said
    kept = tmp_path / "results/r/microdata/logs/panel/BE.warnings"
    assert "Vandenberghe" in kept.read_text(encoding="utf-8")
    assert kept.stat().st_mode & 0o777 == 0o600


def test_a_warning_of_terms_without_estimate_does_not_name_the_level_whose_firms_answer_alike(
    tmp_path,
):
    log = tmp_path / "job.log"
    with reported(log), warnings.catch_warnings():
        warnings.simplefilter("always")
        warn_no_estimate("Probit", ["C(industry)[T.Paper]", "C(industry)[T.Wood]", "small"])
    said = log.read_text(encoding="utf-8")
    assert "no estimate of C(industry), small" in said
    assert "Paper" not in said


def test_a_full_disk_is_told_though_the_log_has_no_room_for_it(tmp_path, capsys):
    log = tmp_path / "logs" / "job.log"
    log.parent.mkdir()
    log.symlink_to("/dev/full")
    with pytest.raises(SystemExit):
        _run_out_of_room(log)
    assert "the disk is full" in capsys.readouterr().err


def _run_out_of_room(log):
    with reported(log):
        print("at work")
        raise OSError(errno.ENOSPC, "No space left on device")
