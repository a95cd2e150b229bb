"""The packet: its layout, its sheet, and that nothing of a firm is in it."""

import hashlib
import io
import json
import zipfile
from pathlib import Path

import pandas as pd
import pytest
from disclosed import OLS, survey
from finished_run import finished_run
from jsonschema import validate

from cisflow.assist.cli import main
from cisflow.base.problems import CisflowError
from cisflow.publication.packet.acro import results
from cisflow.publication.packet.outputs import Output, Registers, _grouped
from cisflow.publication.packet.write import write_packet

PLANTED = {"firm_id": "BE0123456789", "employees": 98765.0, "rd_intensity": 43.218765}
CELLS = {"type": "array", "items": {"type": "integer", "minimum": 0}, "minItems": 2, "maxItems": 2}
TEXTS = dict.fromkeys(("uid", "type", "command", "summary", "timestamp", "exception"))
# What acro writes and SACRO's viewer reads, from their sources.
LAYOUT = {
    "type": "object",
    "required": ["version", "results"],
    "additionalProperties": False,
    "properties": {
        "version": {"pattern": r"^\d+\.\d+\.\d+$"},
        "results": {
            "minProperties": 1,
            "additionalProperties": {
                "type": "object",
                "required": [*TEXTS, "status", "properties", "files", "outcome", "comments"],
                "properties": {
                    **{name: {"type": "string"} for name in TEXTS},
                    "status": {"enum": ["pass", "review", "fail"]},
                    "type": {"enum": ["table", "regression", "histogram", "custom"]},
                    "properties": {"type": "object", "required": ["method"]},
                    "comments": {"type": "array", "items": {"type": "string"}},
                    "files": {
                        "minItems": 1,
                        "items": {
                            "required": ["name", "sdc"],
                            "properties": {
                                "name": {"pattern": r"^[^/\\]+$"},
                                "sdc": {
                                    "properties": {
                                        "summary": {"additionalProperties": {"type": "integer"}},
                                        "cells": {
                                            "additionalProperties": {
                                                "type": "array",
                                                "items": CELLS,
                                            }
                                        },
                                    },
                                },
                            },
                        },
                    },
                },
            },
        },
    },
}


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    panel = survey()
    panel.loc[0, list(PLANTED)] = list(PLANTED.values())
    panel.loc[[3, 7], "protection"] = float("nan")
    few = {**OLS, "columns": {"any": ["coop_any", "protection"]}}
    folder = tmp_path_factory.mktemp("results") / "madeup"
    return finished_run(folder, panel, main=OLS, extension=few)[0]


@pytest.fixture(scope="module")
def packet(run):
    return write_packet(run, date="2026-11-28")


def read(packet, name):
    return json.loads((packet.folder / name).read_text(encoding="utf-8"))


def texts(data):
    """Yield some bytes, and those of all files in it if it is an archive."""
    yield data
    if zipfile.is_zipfile(io.BytesIO(data)):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for member in archive.namelist():
                yield member.encode()
                yield from texts(archive.read(member))


def test_layout_is_that_of_acro(packet):
    validate(read(packet, "results.json"), LAYOUT)


def test_every_file_is_there_and_no_other(packet):
    listed = {
        f["name"] for r in read(packet, "results.json")["results"].values() for f in r["files"]
    }
    own = {"results.json", "config.json", "register.json", "sheet.html", "sheet.docx", "checksums"}
    assert {path.name for path in packet.folder.iterdir()} == listed | own
    assert {"table_sample_flow.csv", "figure_outcomes_main.png", "paper.pdf"} <= listed
    assert {"estimates_BE_main.csv", "description_BE.json", "rates_BE.csv"} <= listed


def test_outputs_of_one_name_stand_side_by_side():
    """A table and a figure, or the verdicts as table and as file, may be called the same."""
    same = [
        Output("verdicts", kind, "c", {f"{kind}_verdicts.png": "x"}, "firms")
        for kind in ("table", "verdicts")
    ]
    told = results(same, Path(), "", "")["results"]
    assert {uid: of["uid"] for uid, of in told.items()} == {
        name: name for name in ("table_verdicts", "verdicts_verdicts")
    }


def test_checksums_are_of_every_file_without_a_line_break(packet):
    files = [path for path in packet.folder.iterdir() if path.is_file()]
    for path in files:
        told = (packet.folder / "checksums" / f"{path.name}.txt").read_bytes()
        assert told == hashlib.sha256(path.read_bytes()).hexdigest().encode()
    assert len(list((packet.folder / "checksums").iterdir())) == len(files)


def test_cells_that_were_withheld_are_marked_where_they_are(packet):
    told = read(packet, "results.json")["results"]
    marked = 0
    for file in (file for result in told.values() for file in result["files"]):
        for cells in file["sdc"]["cells"].values():
            table = pd.read_csv(packet.folder / file["name"], dtype=str, keep_default_na=False)
            for row, column in cells:
                assert table.iloc[row, column + 1] in ("", "c"), file["name"]
                marked += 1
    assert marked > 4
    (table,) = [f for f in told["sample_flow"]["files"] if f["name"].endswith("csv")]
    assert table["sdc"]["cells"] == {"MinimumThresholdCheck": [[1, 0], [1, 1]]}


def test_what_was_withheld_is_for_review_with_the_reason(packet):
    found = read(packet, "results.json")["results"]["estimates_BE_extension.csv"]
    assert found["status"] == "review"
    assert found["exception"].startswith("Suppression")
    ours = {o["name"]: o for o in read(packet, "register.json")["outputs"]}
    assert sum(ours["estimates_BE_extension.csv"]["withheld"].values()) > 0
    assert ours["main_BE_W1"]["firms"] == [400]
    assert ours["main_BE_W1"]["rules"] == "ABCGH"


def test_every_output_says_how_many_firms_and_what_was_withheld_of_it(packet):
    ours = {o["name"]: o for o in read(packet, "register.json")["outputs"]}
    assert 400 in ours["sample_flow"]["firms"]
    assert max(n for n in ours["rates_BE.csv"]["firms"] if n) == 400
    assert ours["estimates_BE_extension.json"]["firms"] == [None]
    assert sum(ours["estimates_BE_extension.json"]["withheld"].values()) > 0
    assert ours["paper"]["withheld"] == read(packet, "register.json")["withheld"]


def test_a_figure_of_classes_is_not_said_to_withhold_means(run):
    registers = Registers(run)
    (figure,) = (o for o in registers.outputs() if o.name == "outcomes_main")
    entry = registers.files["description/BE.json"]
    others = [w for w in entry["withheld"] if w["statistic"] != "firms"]
    assert others
    assert sum(figure.withheld.values()) == len(entry["withheld"]) - len(others)


def test_terms_near_a_threshold_are_named_once_with_their_fits():
    near = [
        {"what": "few", "place": f"m, W1, {outcome}, any", "of": "C(industry)[T.a, b]"}
        for outcome in ("radical", "incremental")
    ]
    said = [*_grouped([*near, {"what": "few df", "place": "m, W1, radical, any", "of": ""}])]
    assert said == [
        "low support: few (dummies of industry, 2 fits)",
        "low support: few df (m, W1, radical, any)",
    ]


def test_the_sheet_names_every_file_rule_and_reason(packet):
    from docx import Document

    document = Document(str(packet.folder / "sheet.docx"))
    cells = (c.text for t in document.tables for row in t.rows for c in row.cells)
    word = "\n".join([*cells, *(p.text for p in document.paragraphs)])
    page = (packet.folder / "sheet.html").read_text(encoding="utf-8")
    register = read(packet, "register.json")
    reasons = {why for output in register["outputs"] for why in output["withheld"]}
    assert reasons
    for said in (word, page):
        for text in (
            *(name for output in packet.outputs for name in output.files),
            *reasons,
            *("SYNTHETIC", "General rules", "2026-11-28", "n = 400", "Date and signature"),
            *("At least 10 firms", "at least 5 firms", "2 largest", "at most 0.95"),
        ):
            assert text in said


def test_the_headings_of_its_outputs_stand_on_every_page(packet):
    from docx import Document

    tables = Document(str(packet.folder / "sheet.docx")).tables
    outputs = next(t for t in tables if t.rows[0].cells[0].text == "Output and files")
    repeated = [bool(row._tr.xpath("w:trPr/w:tblHeader")) for row in outputs.rows]
    assert repeated == [True, *[False] * (len(repeated) - 1)]
    assert all(row._tr.xpath("w:trPr/w:cantSplit") for row in outputs.rows)
    assert "<thead>" in (packet.folder / "sheet.html").read_text(encoding="utf-8")


def test_nothing_of_a_planted_firm_or_of_the_machine_is_inside(packet, run):
    planted = [b"BE0123456789", b"98765", b"43.2187", str(run.parent).encode()]
    files = [path for path in packet.folder.rglob("*") if path.is_file()]
    for path in files:
        for data in texts(path.read_bytes()):
            assert not [p for p in planted if p in data], path.name
    kept = (run / "microdata/BE/released/1.npz").read_bytes()
    members = list(texts(kept))
    assert any("BE0123456789".encode("utf-32-le") in data for data in members)


def test_the_same_run_has_the_same_bytes_and_no_packet_is_written_over(packet, run, tmp_path):
    again = write_packet(run, tmp_path, "2026-11-28")
    third = write_packet(run, date="2026-11-28")
    assert (packet.number, again.number, third.number) == (1, 2, 3)
    for path in packet.folder.glob("*_*.*"):
        assert path.read_bytes() == (third.folder / path.name).read_bytes()
    config = (packet.folder / "config.json").read_bytes()
    assert config == (again.folder / "config.json").read_bytes()
    same = {"sheet", "register", "results"}  # the number of the packet is in these alone
    for path in (p for p in packet.folder.iterdir() if p.is_file() and p.stem not in same):
        assert path.read_bytes() == (again.folder / path.name).read_bytes()


def test_real_data_carry_no_stamp(tmp_path):
    folder, _ = finished_run(tmp_path / "madeup", data="real")
    assert main(["release", str(folder)]) == 0
    assert b"SYNTHETIC" not in (folder / "release/1/sheet.html").read_bytes()


def test_what_rests_on_a_draft_leaves_marked_in_every_part_of_the_packet(tmp_path):
    folder, _ = finished_run(tmp_path / "madeup", data="real", unconfirmed=12)
    packet = write_packet(folder)
    mark = "DRAFT MAPPING (12 variables unconfirmed)"
    assert f"real, {mark}" == read(packet, "register.json")["data"]
    told = read(packet, "results.json")["results"].values()
    assert all(mark in result["comments"] for result in told)
    page = (packet.folder / "sheet.html").read_text(encoding="utf-8")
    assert page.count(mark) >= 2  # its title, and what it says of the data


def refused(run):
    with pytest.raises(CisflowError) as error:
        write_packet(run)
    assert not (run / "release").exists()
    return str(error.value)


def test_an_edited_table_does_not_leave(tmp_path):
    folder, _ = finished_run(tmp_path / "madeup")
    (folder / "publication/tables/sample_flow.csv").write_text("firm\nBE0123456789\n")
    assert "tables/sample_flow.csv has changed since the run wrote it" in refused(folder)


def test_a_file_that_is_gone_is_named(tmp_path):
    folder, _ = finished_run(tmp_path / "madeup")
    (folder / "rates/BE.csv").unlink()
    assert "rates/BE.csv is not there" in refused(folder)


def test_a_run_that_is_not_finished_is_not_released(tmp_path):
    assert "publication/manifest.json is not there" in refused(tmp_path)


def test_numbers_that_were_not_held_against_an_earlier_packet_do_not_leave(tmp_path):
    folder, _ = finished_run(tmp_path / "madeup")
    (folder / "microdata/BE/released").mkdir()
    (folder / "microdata/BE/released/1.npz").write_bytes(b"other sets")
    assert "BE: numbers were not held against what an earlier packet released" in refused(folder)


def test_a_date_is_a_date(capsys):
    with pytest.raises(SystemExit):
        main(["release", "results/nl", "--date", "tomorrow"])
    assert "'tomorrow' is no date" in capsys.readouterr().err
