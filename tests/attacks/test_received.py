"""What another centre sends is checked before it is used; else nothing is written."""

import json
import shutil
import stat
import struct
import subprocess
import sys
import zipfile

import pytest
import yaml
from made_up_export import contents, forged, made_up_export

from cisflow.base.documents import read_yaml
from cisflow.base.problems import CisflowError
from cisflow.estimation.pooling.received import unpack
from cisflow.study.exports import read_export
from cisflow.study.run import load_run

RAW = b"what was delivered"


@pytest.fixture
def centre(tmp_path, monkeypatch):
    """Return a working folder with a raw extract, and an export that was sent to it."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data/raw/NL").mkdir(parents=True)
    (tmp_path / "data/raw/NL/cis2016.csv").write_bytes(RAW)
    (tmp_path / "sent").mkdir()
    return made_up_export(tmp_path / "sent")


@pytest.fixture(autouse=True)
def _nothing_is_written(tmp_path, request):
    yield
    if "centre" in request.fixturenames:
        assert (tmp_path / "data/raw/NL/cis2016.csv").read_bytes() == RAW
        assert {p.name for p in tmp_path.iterdir()} <= {"data", "sent", "results"}


def refusal(export):
    """Return why an export is refused, by the check of a config and by the job that takes it in."""
    with pytest.raises(CisflowError) as caught:
        read_export(str(export))
    with pytest.raises(CisflowError):
        unpack(str(export), {"sample/NL.csv": "sample.csv"})
    return str(caught.value)


def renamed(code):
    def change(about):
        about["countries"] = {code: about["countries"]["NL"]}

    return change


CODES = [
    "../../../data/raw/NL/cis2016",
    "..",
    "",
    "/etc",
    "N\\L",
    "C:",
    "NL/../NL",
    "NL\n",
    "nl",
    "NLD",
    "N\0",
    "ΝL",  # a Greek Ν
    "ＮＬ",
]


@pytest.mark.parametrize("code", CODES)
def test_a_country_is_two_letters(centre, code):
    forged(centre, about=renamed(code))
    assert "two-letter" in refusal(centre) or "countries" in refusal(centre)


ABOUT = [
    ("run", "../../x"),
    ("run", "a b\n"),
    ("run", "x" * 10_000),
    ("title", "x" * 10_000),
    ("data", "public"),
    ("settings", {"lag": 2}),
    ("settings", {"lag": 10**9, "lag_average": 1, "accounts_outcomes": {}}),
    ("models", {"../../m": "abc"}),
    ("models", {"m/../../x": "abc"}),
    ("models", {"m": "abc\n"}),
    ("models", {f"m{i}": "abc" for i in range(5000)}),
    ("industries", "<script>"),
    ("minimum_cell", -1),
    ("cisflow", "0.1; rm -rf"),
    ("countries", []),
    ("countries", {"NL": {"name": "N"}}),
    ("files", {"../../data/raw/NL/cis2016.csv": "0" * 64}),
    ("files", {"/etc/passwd": "0" * 64}),
    ("files", {"estimates/NL/../../x.csv": "0" * 64}),
    ("files", {"microdata/NL/CIS4.parquet": "0" * 64}),
    ("files", {"sample/NL.csv\n": "0" * 64}),
    ("files", {"sample\\NL.csv": "0" * 64}),
    ("files", {"sample/NL.csv": "0"}),
    ("shell", "touch attacked"),
]


@pytest.mark.parametrize(("key", "value"), ABOUT)
def test_the_description_is_held_against_its_schema(centre, key, value):
    forged(centre, about=lambda about: {**about, key: value})
    said = refusal(centre)
    assert key in said
    assert "→" in said
    assert len(said) < 5000


@pytest.mark.parametrize("wave", ["../x", "accounts", "a/b", "", "W\n", "CIS 4"])
def test_waves_have_safe_names(centre, wave):
    def change(about):
        about["countries"]["NL"]["waves"] = [wave]

    assert "waves" in refusal(forged(centre, about=change))


@pytest.mark.parametrize(
    "number", ["1e999", "-Infinity", "NaN", "9" * 400, "[" * 5000 + "]" * 5000]
)
def test_numbers_are_finite_and_nesting_is_bounded(centre, number):
    text = contents(centre)["export.json"].replace(b'"gdp": 33', f'"gdp": {number}'.encode())
    with zipfile.ZipFile(centre) as archive:
        others = {n: archive.read(n) for n in archive.namelist() if n != "export.json"}
    with zipfile.ZipFile(centre, "w") as archive:
        for name, data in {**others, "export.json": text}.items():
            archive.writestr(name, data)
    assert "is damaged" in refusal(centre)


def test_a_key_that_stands_twice_is_refused(centre):
    text = contents(centre)["export.json"].replace(b'"format": 4', b'"format": 1, "format": 4')
    with zipfile.ZipFile(centre, "w") as archive:
        archive.writestr("export.json", text)
    assert "is damaged" in refusal(centre)


def with_cell(name, column, value):
    """Return a table of the export with one cell changed."""

    def change(export):
        lines = contents(export)[name].decode().splitlines()
        place = lines[0].split(",").index(column)
        cells = lines[1].split(",")
        cells[place] = value
        return {name: "\n".join([lines[0], ",".join(cells), *lines[2:]]).encode()}

    return change


def record_of(fits):
    """Return diagnostics of the made-up model with other fits."""
    return json.dumps({"country": "NL", "model": "m", "fits": fits}).encode()


TABLES = [
    (with_cell("estimates/NL/m.csv", "estimate", "inf"), "estimate has a number"),
    (with_cell("estimates/NL/m.csv", "estimate", "1e300"), "estimate has a number"),
    (with_cell("estimates/NL/m.csv", "estimate", "nan"), "estimate has a number"),
    (with_cell("estimates/NL/m.csv", "estimate", "=1+1"), "is damaged"),
    (with_cell("estimates/NL/m.csv", "n", "9" * 400), "n has a number"),
    (with_cell("estimates/NL/m.csv", "country", "BE"), "another country or model"),
    (with_cell("estimates/NL/m.csv", "model", "other"), "another country or model"),
    (with_cell("estimates/NL/m.csv", "wave", "CIS9"), "a wave that the country has not"),
    (with_cell("estimates/NL/m.csv", "status", "certain"), "unknown status"),
    (with_cell("estimates/NL/m.csv", "term", "x" * 9999), "far too long"),
    (with_cell("estimates/NL/m.csv", "data", "real"), "not stamped"),
    (with_cell("sample/NL.csv", "firms", "1e99"), "firms has a number"),
    (with_cell("sample/NL.csv", "country", "../NL"), "another country or model"),
    (lambda _: {"sample/NL.csv": b"country,wave,firm_id,turnover\nNL,CIS4,1,2\n"}, "the columns"),
    (lambda _: {"sample/NL.csv": b""}, "is damaged"),
    (lambda _: {"sample/NL.csv": b"\xff\xfe\0\0"}, "is damaged"),
    (lambda _: {"estimates/NL/m.json": b'{"country": "BE"}'}, "another country or model"),
    (lambda _: {"estimates/NL/m.json": b'{"fits": [1e999]}'}, "is damaged"),
    (lambda _: {"estimates/NL/m.json": b'{"fits": [1e200]}'}, "absurdly large"),
    (lambda _: {"estimates/NL/m.json": b"[" * 900 + b"]" * 900}, "nested too deep"),
    (lambda _: {"description/NL.json": b'{"a":' * 90 + b"1" + b"}" * 90}, "nested too deep"),
    (lambda _: {"description/NL.json": b'{"a": "' + b"x" * 9999 + b'"}'}, "far too long"),
    (lambda _: {"description/NL.json": b"[]"}, "another country or model"),
    *(
        (lambda _, fits=fits: {"estimates/NL/m.json": record_of(fits)}, "has not the parts")
        for fits in (
            *(5, "x", {}, [5], [[]], [{}], [{"wave": 4}]),
            *([{"wave": "CIS4", part: 5}] for part in ("curve", "tests", "overlap", "note")),
            *([{"wave": "CIS4", part: [5]}] for part in ("tests", "shapes")),
        )
    ),
]


def test_what_the_gate_of_another_centre_withheld_is_taken_in(centre, tmp_path):
    forged(centre, with_cell("estimates/NL/m.csv", "status", "withheld")(centre))
    unpack(str(centre), {"estimates/NL/m.csv": tmp_path / "sent/taken.csv"})
    assert "withheld" in (tmp_path / "sent/taken.csv").read_text(encoding="utf-8")


@pytest.mark.parametrize(("change", "words"), TABLES)
def test_tables_and_records_are_what_their_stage_writes(centre, change, words):
    changed = change(centre)
    forged(centre, changed)
    names = {name: f"taken_{i}" for i, name in enumerate(["sample/NL.csv", *changed])}
    with pytest.raises(CisflowError) as caught:
        unpack(str(centre), names)
    assert words in str(caught.value)


def member(name, data=b"x", **changes):
    info = zipfile.ZipInfo(name)
    for key, value in changes.items():
        setattr(info, key, value)
    return info, data


def bomb():
    return member("bomb.csv", b"0" * (1 << 29), compress_type=zipfile.ZIP_DEFLATED)


MEMBERS = [
    ([member("sample/NL.csv")], "two files of one name"),
    ([member("link", b"/etc/passwd", external_attr=(stat.S_IFLNK | 0o777) << 16)], "a link"),
    ([member("x", b"0" * 9999, compress_type=zipfile.ZIP_BZIP2)], "another way"),
    ([member("x", b"0" * 9999, compress_type=zipfile.ZIP_LZMA)], "another way"),
    ([member(f"x{i}") for i in range(20_001)], "holds 20,0"),
]


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize(("members", "words"), MEMBERS)
def test_archives_hold_plain_files_once(centre, members, words):
    with zipfile.ZipFile(centre, "a") as archive:
        for info, data in members:
            archive.writestr(info, data)
    assert words in refusal(centre)


def test_an_archive_that_unpacks_to_gigabytes_is_refused_before_it_does(centre):
    with zipfile.ZipFile(centre, "a") as archive:
        archive.writestr(*bomb())
    assert centre.stat().st_size < 1 << 20
    assert "would unpack" in refusal(centre)


def test_a_file_larger_than_any_is_refused(centre):
    forged(centre, {"description/NL.json": b'{"a": "' + b"ab" * (1 << 24) + b'"}'})
    assert "none that cisflow writes" in refusal(centre)


def test_a_protected_archive_is_refused(centre):
    data = bytearray(centre.read_bytes())
    for signature, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = data.find(signature)
        while at >= 0:
            data[at + place] |= 1
            at = data.find(signature, at + 4)
    centre.write_bytes(data)
    assert "password" in refusal(centre)


def test_a_member_that_is_no_file_of_the_export_is_never_read(centre):
    with zipfile.ZipFile(centre, "a") as archive:
        archive.writestr("../../data/raw/NL/cis2016.csv", b"forged")
    read_export(str(centre))
    with pytest.raises(CisflowError, match="is missing"):
        unpack(str(centre), {"../../data/raw/NL/cis2016.csv": "taken"})


@pytest.mark.parametrize("name", ["sample/NL.csv", "description/NL.json", "estimates/NL/m.json"])
def test_files_changed_since_are_refused(centre, tmp_path, name):
    folder = tmp_path / "sent/unpacked"
    shutil.unpack_archive(centre, folder)
    (folder / name).write_bytes((folder / name).read_bytes() + b" ")
    assert f"{name} was changed" in refusal(folder)


def test_a_link_that_leads_out_of_the_folder_is_not_followed(centre, tmp_path):
    folder = tmp_path / "sent/unpacked"
    shutil.unpack_archive(centre, folder)
    (folder / "sample/NL.csv").unlink()
    (folder / "sample/NL.csv").symlink_to(tmp_path / "data/raw/NL/cis2016.csv")
    assert "leads out" in refusal(folder)


@pytest.mark.parametrize("cut", [0, 10, 1000, -10])
def test_damaged_archives_are_refused_in_words(centre, cut):
    centre.write_bytes(centre.read_bytes()[:cut])
    assert "damaged" in refusal(centre)


def test_members_whose_size_is_a_lie_are_refused_in_words(centre):
    data = bytearray(centre.read_bytes())
    at = data.find(b"PK\x01\x02")
    data[at + 24 : at + 28] = struct.pack("<I", 7)  # what it would unpack to
    centre.write_bytes(data)
    assert "damaged" in refusal(centre)


def test_the_command_refuses_and_writes_nothing(root, centre, tmp_path):
    """The attack as it was: the country's code leads from results/ to a raw extract."""
    forged(centre, about=renamed("../../../data/raw/NL/cis2016"))
    config = read_yaml(root / "config/config.yaml")
    config |= {"run": "joint", "pool_from": ["sent/export.zip"], "models": ["faems2005"]}
    (tmp_path / "sent/joint.yaml").write_text(yaml.safe_dump(config))
    done = subprocess.run(
        [sys.executable, "-m", "cisflow", "check", "sent/joint.yaml"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0
    assert "two-letter country code" in done.stdout + done.stderr
    assert "Traceback" not in done.stderr


# --- what a config may have written -------------------------------------------------------------

SIMULATED = [
    "data/raw/synthetic/../NL/cis2016.csv",
    "data/raw/synthetic/x/../../NL/cis2016.csv",
    "data/raw/NL/cis2016.csv",
    "data/raw/synthetic_/x.csv",
    "linked/NL/cis2016.csv",
    "data/raw/synthetic/linked/cis2016.csv",
    "/cis2016.csv",
    "../data/raw/synthetic/x.csv",
]


@pytest.mark.parametrize("file", SIMULATED)
def test_simulations_write_below_the_synthetic_folder_alone(root, centre, tmp_path, file):
    (tmp_path / "data/raw/synthetic").mkdir()
    (tmp_path / "data/raw/synthetic/linked").symlink_to(tmp_path / "data/raw/NL")
    (tmp_path / "sent/linked").symlink_to(tmp_path / "data/raw")
    config = read_yaml(root / "config/config.yaml")
    config["countries"]["BE"]["waves"]["CIS2"]["file"] = file.replace("linked/NL", "sent/linked/NL")
    with pytest.raises(CisflowError, match="would be written by the simulation"):
        load_run(config, root)


@pytest.mark.parametrize("run", ["../x", "a/b", "", ".", "x\n", "a b", "x" * 200, "é", "-x", "x\0"])
def test_a_run_has_a_safe_name(root, run):
    config = {**read_yaml(root / "config/config.yaml"), "run": run}
    with pytest.raises(CisflowError, match="run: "):
        load_run(config, root)


def deep(n):
    return "a: " + "[" * n + "]" * n


DOCUMENTS = {
    "deep lists": deep(200_000),
    "deep mappings": "{a: " * 100_000,
    "deep blocks": "- " * 100_000,
    "deep lines": "\n".join(" " * i + "a:" for i in range(2000)),
    "references": "\n".join(
        ["a0: &a0 x", *(f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 12))]
    ),
    "circle": "a: &a {b: *a}",
    "object": "a: !!python/object/apply:os.system ['touch attacked']",
    "large": "a: b\n" * 4_000_000,
    "zero bytes": "a: \0",
    "no mapping": "[1, 2]",
}


@pytest.mark.parametrize("text", DOCUMENTS.values(), ids=DOCUMENTS)
def test_documents_neither_end_the_program_nor_fill_the_memory(tmp_path, monkeypatch, text):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "models.yaml").write_text(text)
    with pytest.raises(CisflowError) as caught:
        read_yaml("models.yaml")
    assert len(str(caught.value)) < 1000
    assert not (tmp_path / "attacked").exists()


def test_references_as_people_write_them_are_read(tmp_path):
    (tmp_path / "x.yaml").write_text("a: &a {b: [1, 2]}\nc: *a\nd: {<<: *a, e: 1}\n")
    assert read_yaml(tmp_path / "x.yaml")["d"] == {"b": [1, 2], "e": 1}
    assert json.dumps(read_yaml(tmp_path / "x.yaml"))
