"""Small files that ask for more memory or time than there is are refused in words, at once."""

import contextlib
import gzip
import os
import re
import resource
import struct
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pandas as pd
import pyreadstat
import pytest
import xlsxwriter
import yaml
from review_case import LABELS, answers, write_case

from cisflow.assist.inspection import inspect_file
from cisflow.assist.review.gather import gather
from cisflow.assist.review.page import page
from cisflow.base.documents import read_yaml
from cisflow.base.patterns import matched
from cisflow.base.problems import CisflowError
from cisflow.raw.extract import open_extract, read_extract
from cisflow.study.codebook_files import load_codebook

SECONDS_OF_REVIEW = 10  # of one core
HEADER = "ID;TURNOVER;EMPLOYEES;COOP"
ROWS = [HEADER, *(f"{i};{i * 100};{i};{i % 2}" for i in range(1, 40))]
MEMORY = 6 << 30  # of address space: what libraries reserve and never touch counts too


def workbook(path, sheets=(("Data", ROWS),)):
    """Write a workbook whose sheets hold rows of text."""
    with xlsxwriter.Workbook(path) as book:
        for name, rows in sheets:
            sheet = book.add_worksheet(name)
            for i, row in enumerate(rows):
                sheet.write_row(i, 0, row.split(";"))
    return path


def rewritten(path, change):
    """Change the XML of a workbook's sheets, as no program that writes workbooks would."""
    with zipfile.ZipFile(path) as book:
        members = {name: book.read(name) for name in book.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as book:
        for name, data in members.items():
            book.writestr(name, change(data) if name.startswith("xl/worksheets/") else data)
    return path


def with_cell(xml):
    """Return a change that puts something behind the last row of a sheet."""
    return lambda data: data.replace(b"</sheetData>", xml + b"</sheetData>")


FAR = b"XFD1048576"
CORNERS = {
    "as Excel writes it": b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>',
    "other order": b'<row r="1048576"><c t="n" s="0" r="XFD1048576"><v>1</v></c></row>',
    "single quotes": b"<row r='1048576'><c r='XFD1048576'><v>1</v></c></row>",
    "sign in a value": b'<row r="1048576"><c x="/" r="XFD1048576"><v>1</v></c></row>',
    "row told, cell not": b'<row r="1048576">' + b"<c><v>1</v></c>" * 16384 + b"</row>",
    "inline text": b'<row r="1048576"><c r="XFD1048576" t="inlineStr"><is><t>x</t></is></c></row>',
    "line breaks": b'<row r="1048576"><c\n r="XFD1048576"\n><v>1</v></c></row>',
    "a formula": b'<row r="1048576"><c r="XFD1048576"><f>1+1</f><v>2</v></c></row>',
}


@pytest.fixture(autouse=True)
def _bounded():
    """End the test rather than the machine if memory is asked for without end."""
    before = resource.getrlimit(resource.RLIMIT_AS)
    used = int(re.search(r"VmSize:\s+(\d+)", Path("/proc/self/status").read_text())[1]) << 10
    resource.setrlimit(resource.RLIMIT_AS, (used + MEMORY, before[1]))
    started = time.perf_counter()
    yield
    resource.setrlimit(resource.RLIMIT_AS, before)
    assert time.perf_counter() - started < 60


def refusal(path, **options):
    """Return why a file is not read."""
    with pytest.raises(CisflowError) as caught:
        read_extract(path, options=options)
    assert len(str(caught.value)) < 2000
    return str(caught.value)


@pytest.mark.parametrize("xml", CORNERS.values(), ids=CORNERS)
def test_a_cell_in_the_last_corner(tmp_path, xml):
    book = rewritten(workbook(tmp_path / "x.xlsx"), with_cell(xml))
    assert book.stat().st_size < 20_000
    assert "spread over 1,048,576 rows" in refusal(book)


@pytest.mark.parametrize("name", ["x:", ""])
def test_a_sheet_that_declares_less_than_it_has(tmp_path, name):
    """What the sheet says of itself is not asked; nor is how its elements are prefixed."""
    row = '<{0}row r="1048576"><{0}c r="XFD1048576"><{0}v>1</{0}v></{0}c></{0}row>'
    cell = row.format(name).encode()

    def change(data):
        data = re.sub(b'<dimension ref="[^"]*"/>', b'<dimension ref="A1:B2"/>', data)
        data = with_cell(cell)(data)
        return data.replace(
            b"<worksheet ",
            b'<worksheet xmlns:x="http://schemas.openxmlformats.org/spreadsheetml/2006/main" ',
        )

    assert "spread over" in refusal(rewritten(workbook(tmp_path / "x.xlsx"), change))


def test_blank_cells_and_declared_sizes_do_no_harm(tmp_path):
    """A formatted last row, a merged sheet and a wrong dimension are common, and cost nothing."""

    def change(data):
        data = re.sub(b'<dimension ref="[^"]*"/>', b'<dimension ref="A1:XFD1048576"/>', data)
        blank = b'<row r="1048576" s="1"><c r="XFD1048576" s="0"/></row>'
        data = with_cell(blank)(data)
        merged = b'<mergeCells count="1"><mergeCell ref="F1:XFD1048576"/></mergeCells>'
        return data.replace(b"</sheetData>", b"</sheetData>" + merged)

    table = read_extract(rewritten(workbook(tmp_path / "x.xlsx"), change))
    assert table.shape == (39, 4)


def test_thousands_of_sheets(tmp_path):
    book = workbook(tmp_path / "x.xlsx", [(f"s{i}", ["A;B"]) for i in range(2000)])
    assert "2,000 sheets" in refusal(book)


def test_entities_in_a_workbook(tmp_path):
    names = "".join(f'<!ENTITY e{i} "{f"&e{i - 1};" * 10}">' for i in range(1, 12))
    head = f'<!DOCTYPE x [<!ENTITY e0 "x">{names}]>'.encode()

    def change(data):
        data = data.replace(b"?>\n", b"?>\n" + head, 1)
        return with_cell(b"<row r='99'><c r='A99' t='inlineStr'><is><t>&e11;</t></is></c></row>")(
            data
        )

    assert refusal(rewritten(workbook(tmp_path / "x.xlsx"), change))


def test_a_workbook_that_unpacks_to_gigabytes(tmp_path):
    book = workbook(tmp_path / "x.xlsx")
    with zipfile.ZipFile(book, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/media/x.bin", bytes(1 << 29))
    assert "would unpack" in refusal(book)


@pytest.mark.parametrize("damage", [b"", b"PK\x03\x04", b"PK\x03\x04" + b"\0" * 500, b"text"])
def test_workbooks_that_are_none(tmp_path, damage):
    (tmp_path / "x.xlsx").write_bytes(damage)
    assert "→" in refusal(tmp_path / "x.xlsx")


BESIDE = {
    "corner.xlsx": lambda p: rewritten(workbook(p), with_cell(CORNERS["as Excel writes it"])),
    "sheets.xlsx": lambda p: workbook(p, [(f"s{i}", ["A;B", "ID;x"]) for i in range(2000)]),
    "none.xlsx": lambda p: p.write_bytes(b"PK\x03\x04"),
    "empty.xlsx": lambda p: p.write_bytes(b""),
    "wide.csv": lambda p: p.write_text(";".join(f"c{i}" for i in range(150_000)) + "\n1"),
    "line.csv": lambda p: p.write_text("ID;" + "x" * 4_000_000),
    "quote.csv": lambda p: p.write_text('ID;"' + "x" * 400_000),
    "pipe.csv": os.mkfifo,
    "folder.csv": lambda p: p.mkdir(),
    "link.csv": lambda p: p.symlink_to(p),
    "codes.csv": lambda p: p.write_text(
        f"name;label\nCOOP;{'x' * 100_000}=1\nID;{'a(' * 50_000}\n"
    ),
}


@pytest.mark.parametrize("name", BESIDE)
def test_what_lies_beside_a_file_does_not_keep_it_from_being_inspected(root, tmp_path, name):
    (tmp_path / "survey.csv").write_text("\n".join(ROWS))
    BESIDE[name](tmp_path / name)
    assert inspect_file(tmp_path / "survey.csv", root)["rows"] == 39


def test_a_very_wide_header(tmp_path):
    (tmp_path / "x.csv").write_text(";".join(f"c{i}" for i in range(100_000)) + "\n1\n")
    assert "100,000 columns" in refusal(tmp_path / "x.csv")


def test_a_first_line_without_an_end(tmp_path):
    (tmp_path / "x.csv").write_text("a;" * 4_000_000)
    assert "first line is longer" in refusal(tmp_path / "x.csv")


def test_a_header_that_is_one_long_text(tmp_path):
    (tmp_path / "x.csv").write_text("a;" + "x" * 100_000 + "\n1;2\n")
    assert "longer than 2,000 letters" in refusal(tmp_path / "x.csv")


def test_a_cell_without_an_end(tmp_path):
    (tmp_path / "x.csv").write_text("\n".join(ROWS) + '\n1;"' + "x\n" * 20_000_000)
    assert "→" in refusal(tmp_path / "x.csv")


@pytest.mark.parametrize("ending", [".csv", ".xlsx", ".parquet", ".sav"])
def test_gzip_files_that_unpack_without_end(tmp_path, ending):
    file = tmp_path / f"x{ending}.gz"
    with gzip.open(file, "wb") as packed:
        for _ in range(320):
            packed.write(b"1;2;3;4\n" * (1 << 17))
    assert file.stat().st_size < 2 << 20
    assert "would unpack" in refusal(file)


@pytest.mark.parametrize("ending", [".csv", ".xlsx", ".parquet", ".sav"])
def test_zip_files_that_unpack_without_end(tmp_path, ending):
    with zipfile.ZipFile(tmp_path / "x.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(f"x{ending}", b"1;2;3;4\n" * (1 << 26))
    assert "would unpack" in refusal(tmp_path / "x.zip")


@pytest.mark.parametrize("way", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_zip_files_whose_size_cannot_be_bounded(tmp_path, way):
    with zipfile.ZipFile(tmp_path / "x.zip", "w", way) as archive:
        archive.writestr("x.csv", b"1;2;3;4\n" * 1000)
    assert "another way" in refusal(tmp_path / "x.zip")


def test_zip_files_with_thousands_of_members(tmp_path):
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        for i in range(20_001):
            archive.writestr(f"{i}.txt", b"")
    assert "20,001 files" in refusal(tmp_path / "x.zip")


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_zip_files_with_two_members_of_one_name(tmp_path):
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        for text in ("a;b\n1;2\n", "a;b\n3;4\n"):
            archive.writestr("x.csv", text)
    assert "two files of one name" in refusal(tmp_path / "x.zip")


@pytest.mark.parametrize("rows", [2**31 - 1, 2**30])
def test_files_of_statistical_programs_that_declare_billions_of_rows(tmp_path, rows):
    frame = pd.DataFrame({"a": [1.0, 2.0], "b": ["x", "y"]})
    pyreadstat.write_dta(frame, tmp_path / "x.dta", version=14)
    data = (tmp_path / "x.dta").read_bytes()
    at = data.index(b"<N>") + 3
    (tmp_path / "x.dta").write_bytes(data[:at] + struct.pack("<q", rows) + data[at + 8 :])
    assert "damaged" in refusal(tmp_path / "x.dta")
    pyreadstat.write_sav(frame, tmp_path / "x.sav")
    data = bytearray((tmp_path / "x.sav").read_bytes())
    data[80:84] = struct.pack("<i", rows)
    (tmp_path / "x.sav").write_bytes(data)
    assert len(read_extract(tmp_path / "x.sav")) == 2


def test_a_dictionary_that_ends_whoever_reads_it_is_refused_in_words(tmp_path):
    """Two bytes of a .sav (a label that is none, a longer record) and its reader reads nowhere."""
    about = {"column_labels": ["x", "y", "z"], "variable_value_labels": {"b": {0: "no", 1: "yes"}}}
    values = {"id": [f"firm{i}" for i in range(50)], "a": [float(i) for i in range(50)]}
    frame = pd.DataFrame({**values, "b": [i % 2 for i in range(50)]})
    pyreadstat.write_sav(frame, tmp_path / "x.sav", **about)
    data = bytearray((tmp_path / "x.sav").read_bytes())
    data[260], data[664] = 1, 49
    (tmp_path / "x.sav").write_bytes(data)
    assert "ends the program" in refusal(tmp_path / "x.sav")


LISTED = b'<sheet name="Data" sheetId="1" r:id="rId1"/>'


@pytest.mark.parametrize(("gone", "said"), [(LISTED, "no sheet"), (b"", "is damaged")])
def test_workbooks_whose_sheets_are_not_there(tmp_path, gone, said):
    path = workbook(tmp_path / "x.xlsx")
    with zipfile.ZipFile(path) as book:
        members = {name: book.read(name) for name in book.namelist()}
    assert LISTED in members["xl/workbook.xml"]
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as book:
        for name, data in members.items():
            if gone or "worksheets/sheet" not in name:
                book.writestr(name, data.replace(gone, b"") if gone else data)
    assert said in refusal(path)


@pytest.mark.parametrize("place", [4, 12, 200, -12, -8])
@pytest.mark.parametrize("value", [0x7FFFFFFF, 0x00FFFFFF, 0])
def test_parquet_files_with_absurd_metadata(tmp_path, place, value):
    frame = pd.DataFrame({"a": ["x", "y"] * 500, "b": [1.0, 2.0] * 500})
    frame.to_parquet(tmp_path / "x.parquet")
    data = bytearray((tmp_path / "x.parquet").read_bytes())
    data[place : place + 4 if place + 4 else None] = struct.pack("<i", value)
    (tmp_path / "x.parquet").write_bytes(data)
    with contextlib.suppress(CisflowError):
        assert len(read_extract(tmp_path / "x.parquet")) <= 1000


@pytest.mark.parametrize("ending", [".csv", ".csv.gz", ".zip", ".xlsx", ".parquet", ".sav"])
def test_pipes_and_folders_are_no_files(tmp_path, ending):
    os.mkfifo(tmp_path / f"pipe{ending}")
    (tmp_path / f"folder{ending}").mkdir()
    assert "no file" in refusal(tmp_path / f"pipe{ending}")
    assert "a folder" in refusal(tmp_path / f"folder{ending}")


def test_a_config_that_is_a_pipe(tmp_path):
    os.mkfifo(tmp_path / "config.yaml")
    command = [sys.executable, "-m", "cisflow", "check", str(tmp_path / "config.yaml")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode != 0
    assert "no file" in done.stdout + done.stderr


# --- patterns -----------------------------------------------------------------------------------

PATTERNS = [
    r"(?P<label>(?:a+)+)(?P<year>\d)$",
    r"(?P<label>(?:a|a)*)(?P<year>\d)$",
    r"(?P<label>(?:a*)*b)(?P<year>\d)$",
    r"(?P<label>(?:a|aa)+)(?P<year>\d)$",
    r"(?P<label>.*.*.*.*.*.*.*.*x)(?P<year>\d)$",
    r"(?P<label>(?:(?:a+)+)+)(?P<year>\d)$",
]


@pytest.mark.parametrize("pattern", PATTERNS)
def test_nested_quantifiers_take_no_longer_than_others(pattern):
    started = time.perf_counter()
    assert matched(pattern, "a" * 50_000 + "!") is None
    assert time.perf_counter() - started < 1


BAD_PATTERNS = [
    r"(?P<label>(a+)+)(?P<year>\d)",
    r"(?=a)(?P<label>.)(?P<year>\d)",
    r"(?P<label>.)\1(?P<year>\d)",
    r"(?P<label>(?:a{1000}){1000})(?P<year>\d)",
    r"(?P<label>.",
    r"(?P<label>.)(?P<year>\d))|(?:x",
    "(?:" * 5000,
]


@pytest.mark.parametrize("pattern", BAD_PATTERNS + PATTERNS)
def test_a_codebook_names_the_pattern_it_cannot_use(root, tmp_path, monkeypatch, pattern):
    monkeypatch.chdir(tmp_path)
    book = read_yaml(root / "config/codebooks/accounts/belfirst_nl.yaml")
    book["header"] = {"pattern": pattern}
    (tmp_path / "book.yaml").write_text(yaml.safe_dump(book))
    started = time.perf_counter()
    try:
        load_codebook("book.yaml", [root / "config/codebooks"])
        told = ""
    except CisflowError as error:
        told = str(error)
    assert time.perf_counter() - started < 5
    assert (pattern in PATTERNS) == ("header.pattern" not in told)
    assert pattern in PATTERNS or pattern[:20] in told
    assert len(told) < 2000


def test_a_header_of_a_bad_pattern_is_read_at_once(tmp_path):
    names = ["ID", *("a" * 1900 + f"{i}!" for i in range(50))]
    (tmp_path / "x.csv").write_text(";".join(names) + "\n" + ";".join("1" * 51) + "\n")
    assert len(open_extract(tmp_path / "x.csv").names) == 51


def many_columns(folder):
    """Write a review of 2,610 firms and 632 labelled columns; return config and columns."""
    data = answers().iloc[[i % 200 for i in range(2610)]].reset_index(drop=True)
    data["id"] = range(70001, 70001 + len(data))
    more = {f"v{i // 14}_{i % 14}": data[("tr1", "grp", "emp16")[i % 3]] for i in range(632)}
    data = pd.concat([data, pd.DataFrame(more)], axis=1).iloc[:, :632]
    topics = ("training", "obstacles", "organisation", "purpose of process innovation", "market")
    labels = {
        **LABELS,
        **{
            c: (f"{topics[i % 5]}: question {i} to the firm", "1=Yes; 2=No")
            for i, c in enumerate(more)
        },
    }
    return write_case(folder, data=data, labels={c: labels[c] for c in data}), list(data)


def test_hundreds_of_labelled_columns_are_reviewed_in_seconds(tmp_path):
    file, columns = many_columns(tmp_path)
    start = time.process_time()
    text = page(gather(file, Path()))
    assert time.process_time() - start < SECONDS_OF_REVIEW
    assert all(f"<code>{column}</code>" in text for column in columns)


def test_hundreds_of_labelled_columns_are_inspected_in_seconds(tmp_path):
    _, columns = many_columns(tmp_path)
    raw = tmp_path / "raw"
    start = time.process_time()
    told = inspect_file(raw / "f.csv", Path(), labels_files=[raw / "labels.csv"])
    assert time.process_time() - start < SECONDS_OF_REVIEW
    assert told["columns"] == len(columns)
    assert "turnover" in {found["variable"] for found in told["by_words"]}
