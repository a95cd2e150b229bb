"""Attacks by received texts: names that a terminal obeys, numbers without end, catalogues."""

import csv
import io

import pytest
import yaml

from cisflow.assist.cli import FAILED, main
from cisflow.base.documents import read_yaml
from cisflow.base.problems import CisflowError, Problem
from cisflow.base.texts import as_written, no_formula
from cisflow.publication.language import messages_of
from cisflow.study.disclosure import profile_of
from cisflow.study.settings import Settings

# --- what a terminal obeys --------------------------------------------------------------------

OBEYED = ["\x1b[2J", "\x1b]0;owned\x07", "\x9b31m", "\u202e", "\x08\x08\x08"]


@pytest.mark.parametrize("sign", OBEYED)
@pytest.mark.parametrize("form", [[], ["--json"]])
def test_names_of_columns_do_not_speak_to_the_terminal(tmp_path, capsys, sign, form):
    file = tmp_path / "x.csv"
    rows = "".join(f"{i},{i % 7},{i * 3}\n" for i in range(60))
    file.write_text(f"firm{sign}id,emp{sign}loyees,turnover\n{rows}", encoding="utf-8")
    main(["inspect", str(file), *form])
    said = capsys.readouterr()
    assert "loyees" in said.out
    assert not {*sign} & {*(said.out + said.err)} - {*"[]0;ownedm31J2"}


def test_nor_do_messages():
    error = CisflowError("x\x1b[2J", Problem("column 'a\x1b]0;b\x07'", "look\u202e at it"))
    assert not {*"\x1b\x07\u202e"} & {*str(error)}
    assert str(error).count("\n") == 2


# --- numbers ----------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [".nan", ".inf", "-.inf", "1.0e+400", "9" * 400, "9" * 5000])
@pytest.mark.parametrize(
    "key", ["minimum_cell", "p_percent", "support", "residual_df", "leverage", "share"]
)
def test_rules_without_a_number_are_refused_in_words(root, tmp_path, key, number):
    """A rule against which every comparison fails would withhold nothing."""
    rules = yaml.safe_load((root / "config/disclosure/default.yaml").read_text())
    place = rules["dominance"] if key == "share" else rules
    place[key] = "NUMBER"
    file = tmp_path / "rules.yaml"
    file.write_text(yaml.safe_dump(rules).replace("NUMBER", number))
    settings = Settings.model_construct(disclosure=str(file), minimum_cell=None)
    with pytest.raises(CisflowError, match="no finite number"):
        profile_of(settings)


@pytest.mark.parametrize("number", ["1_000", "0x1F", "1.5", "-3", "1.0e+3", "12:30"])
def test_numbers_as_people_write_them_are_read(tmp_path, number):
    file = tmp_path / "x.yaml"
    file.write_text(f"a: {number}\n")
    assert read_yaml(file) == yaml.safe_load(f"a: {number}\n")


# --- spreadsheets of other countries ----------------------------------------------------------

BEHIND = ["a;=1+1", "a;+1+cmd|' /C calc'!A0", "a;  @SUM(1)", "a\n=1+1", "a\t=1", "a;'=1", ";=;=1"]


def cells_of(text, separator):
    """Return the cells a program finds that ends them by another sign, and knows no quotes."""
    line = io.StringIO()
    csv.writer(line).writerow(["x", text])
    return [cell for row in line.getvalue().splitlines() for cell in row.split(separator)]


@pytest.mark.parametrize("text", BEHIND)
@pytest.mark.parametrize("separator", [";", "\t"])
def test_no_formula_stands_behind_what_ends_a_cell_elsewhere(text, separator):
    assert not any(
        cell.strip()[:1] in tuple("=+-@") and cell.strip()
        for cell in cells_of(no_formula(text), separator)
    )
    assert as_written(no_formula(text)) == text


# --- catalogues -------------------------------------------------------------------------------

REACHING = ["{n.__class__.__init__.__globals__}", "{n!r:>9999999999}", "{0}", "{m}", "{n[0]}", "{n"]


@pytest.mark.parametrize("text", REACHING)
def test_a_translation_reaches_for_nothing_but_the_names_of_its_text(tmp_path, text):
    file = tmp_path / "xx.po"
    file.write_text(f'msgid "{{n}} firms"\nmsgstr "{text} Firmen"\n', encoding="utf-8")
    with pytest.raises(CisflowError, match="translation of"):
        messages_of(file)


def test_names_in_another_order_are_a_translation(tmp_path):
    file = tmp_path / "xx.po"
    file.write_text('msgid "{a} of {b:,} firms"\nmsgstr "von {b:,} Firmen {a}"\n', encoding="utf-8")
    assert messages_of(file) == [("", "{a} of {b:,} firms", "von {b:,} Firmen {a}")]


def test_the_command_says_so_and_ends(tmp_path, capsys):
    file = tmp_path / "rules.yaml"
    file.write_text("run: .nan\n")
    assert main(["check", str(file)]) == FAILED
    assert "no finite number" in capsys.readouterr().err
