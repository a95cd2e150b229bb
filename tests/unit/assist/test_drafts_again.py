"""Running `cisflow init` again: drafts vouch for nothing, and nothing a person wrote is lost."""

import re

import pytest
import unseen_survey
import yaml

from cisflow.assist import drafts
from cisflow.assist.inspection import all_codebooks, inspect_file, settled_codebooks
from cisflow.assist.scaffold import initialise
from cisflow.base.problems import CisflowError

CODEBOOK, CONFIG = "config/codebooks/national/nl2016.yaml", "config/nl.yaml"


@pytest.fixture
def here(tmp_path, monkeypatch):
    """An empty folder in which a user works; extracts are below data."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data").mkdir()
    return tmp_path


@pytest.fixture
def survey(here):
    return unseen_survey.words_and_commas(here / "data")


def again(survey, root, labels=True, **more):
    """Run init, in the folder the project is in."""
    waves = {"2016": survey.extract}
    if labels:
        return initialise(["NL"], waves, root, labels_files=survey.labels, **more)
    # Those that lie beside the file are found without being named.
    for file in survey.labels:
        file.rename(file.with_suffix(".away"))
    done = initialise(["NL"], waves, root, **more)
    for file in survey.labels:
        file.with_suffix(".away").rename(file)
    return done


def edit(file, old, new):
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))


def test_the_same_draft_again_changes_nothing(here, survey, root):
    first = again(survey, root)
    before = {name: (here / name).read_bytes() for name in first["written"]}
    second = again(survey, root)
    assert {name: (here / name).read_bytes() for name in second["written"]} == before
    assert (second["changes"], second["kept"]) == ({}, [])
    assert (second["todo"], second["look"]) == (first["todo"], first["look"])


def test_a_draft_does_not_vouch_for_itself(here, survey, root):
    """Neither under another name nor in another folder, whoever's words made it."""
    first = again(survey, here)
    for more in ({"run": "second"}, {"out": here / "elsewhere"}):
        done = again(survey, here, **more)
        assert "fits" not in done["waves"][0]["how"]
        assert done["look"] == first["look"]
    found = inspect_file(survey.extract, here, labels_files=survey.labels)
    assert "national/nl2016" not in [fit["codebook"] for fit in found["codebooks"]]
    held = inspect_file(survey.extract, here, codebook="national/nl2016")
    assert held["codebook"]["codebook"] == "national/nl2016"


def test_a_confirmed_draft_is_a_codebook_like_others(here, survey, root):
    again(survey, here)
    text = (here / CODEBOOK).read_text().replace("verified: drafted", "verified: confirmed")
    text = text.replace("verified: inferred", "verified: confirmed")
    book = yaml.safe_load(text)
    for entry in book["variables"].values():
        if entry:
            entry["verified"] = "confirmed"
    (here / CODEBOOK).write_text(yaml.safe_dump(book, sort_keys=False))
    folders = [here / "config" / "codebooks", root / "config" / "codebooks"]
    assert "national/nl2016" in [book.id for book in settled_codebooks(folders)]
    done = again(survey, here, run="second")
    assert done["waves"][0]["codebook"] == "national/nl2016"
    # One that is still drafted makes all of it a draft.
    edit(here / CODEBOOK, "verified: confirmed", "verified: drafted")
    assert "national/nl2016" not in [book.id for book in settled_codebooks(folders)]
    assert "national/nl2016" in [book.id for book in all_codebooks(folders)]


@pytest.mark.parametrize("line", ["# TODO: nace: which?\n", "# What was left:\n#   TODO: units\n"])
def test_a_codebook_with_something_to_do_is_a_draft(root, line):
    books = {book.id: book for book in all_codebooks([root / "config" / "codebooks"])}
    text = (root / "config/codebooks/eurostat/cis4.yaml").read_text()
    assert not drafts.is_draft(books["eurostat/cis4"], text)
    assert drafts.is_draft(books["eurostat/cis4"], line + text)


def test_shipped_codebooks_are_no_drafts(root):
    folders = [root / "config" / "codebooks"]
    assert settled_codebooks(folders) == all_codebooks(folders)


def test_what_changed_is_told_and_doubts_stay(here, survey, root):
    first = again(survey, root, labels=False)
    open_before = {todo.removeprefix("2016: ") for todo in first["todo"]}
    assert open_before
    second = again(survey, root)
    assert second["kept"] == []
    assert second["todo"] == []
    changes = second["changes"][CODEBOOK]
    assert any(re.match(r"\w+: nothing → \{.*name: ", change) for change in changes)
    assert not any(re.search(r"\b(label|source):", change) for change in changes)
    still = {look.removeprefix("2016: the last draft said: ") for look in second["look"]}
    assert open_before <= still
    # They are in the file, once, however often it is drafted.
    third = again(survey, root)
    text = (here / CODEBOOK).read_text()
    assert (third["changes"], third["look"]) == ({}, second["look"])
    for doubt in open_before:
        assert text.count(f"# LOOK: the last draft said: {doubt}") == 1


def test_a_settled_doubt_is_gone(here, survey, root):
    again(survey, root, labels=False)
    again(survey, root)
    text = (here / CODEBOOK).read_text()
    (here / CODEBOOK).write_text(re.sub(r"# LOOK: the last draft said: .*\n", "", text))
    done = again(survey, root)
    assert done["kept"] == [CODEBOOK]
    assert not any("the last draft" in look for look in done["look"])


def test_what_a_person_wrote_stays(here, survey, root):
    again(survey, root)
    edit(here / CODEBOOK, "name: coop,", "name: coop_x,")
    edit(here / CONFIG, "seed: 20141120", "seed: 7")
    before = {name: (here / name).read_bytes() for name in (CODEBOOK, CONFIG)}
    done = again(survey, root)
    assert {name: (here / name).read_bytes() for name in before} == before
    assert done["kept"] == [CODEBOOK, CONFIG]
    assert done["written"] == [CODEBOOK.replace(".yaml", ".new.yaml"), "config/nl.new.yaml"]
    assert done["config"] == CONFIG
    assert any(change.startswith("coop_any: {name: coop_x") for change in done["changes"][CODEBOOK])
    assert done["changes"][CONFIG] == ["seed: 7 → 20141120"]
    # The drafts beside are drafts: the next ones take their place.
    assert again(survey, root)["written"] == done["written"]


def test_line_ends_of_another_system_are_no_edit(here, survey, root):
    again(survey, root)
    for name in (CODEBOOK, CONFIG):
        (here / name).write_bytes((here / name).read_bytes().replace(b"\n", b"\r\n"))
    assert again(survey, root)["kept"] == []


def test_files_of_somebody_else_are_in_the_way_and_all_are_told(here, survey, root):
    for name in (CODEBOOK, CONFIG):
        (here / name).parent.mkdir(parents=True, exist_ok=True)
        (here / name).write_text("title: mine\n")
    with pytest.raises(CisflowError, match="exists, and is not overwritten") as refused:
        again(survey, root)
    assert len(refused.value.problems) == 2
    assert (here / CONFIG).read_text() == "title: mine\n"


def test_a_draft_beside_that_was_edited_is_in_the_way(here, survey, root):
    again(survey, root)
    edit(here / CODEBOOK, "name: coop,", "name: coop_x,")
    again(survey, root)
    edit(here / CODEBOOK.replace(".yaml", ".new.yaml"), "name: coop,", "name: coop_y,")
    with pytest.raises(CisflowError, match=r"nl2016\.new\.yaml exists, and is not overwritten"):
        again(survey, root)


def test_a_file_that_is_no_yaml_any_more(here, survey, root):
    again(survey, root)
    edit(here / CODEBOOK, "variables:", "variables: [")
    done = again(survey, here)
    assert done["changes"][CODEBOOK] == ["the file that is there is no YAML"]
    assert done["kept"] == [CODEBOOK]
