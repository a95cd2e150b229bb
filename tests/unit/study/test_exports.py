"""Exports made by an earlier version are read as this one writes them."""

import csv
import hashlib
import io
import json
from types import SimpleNamespace

import pytest

from cisflow.base.problems import CisflowError
from cisflow.estimation.estimates import ESTIMATES
from cisflow.study.exports import FORMAT, disagreements, of_format_1, read_exports, unpack

OLD = [name for name in ESTIMATES.columns if name != "status"]
WHERE = {"country": "XX", "wave": "W", "model": "m", "outcome": "y", "column": "c"}
ROWS = [
    {"term": "a", "estimate": "1.5", "std_error": "0.5", "n": "40", "note": ""},
    {"term": "b", "note": "not estimable: constant in this sample, so it repeats the intercept"},
    {"term": "total(d)", "estimate": "0", "note": "no such path: zero by assumption"},
    {"term": "lagged_outcome", "estimate": "0.4", "std_error": "0.1", "note": "Nickell bias"},
    {"term": "horizon", "note": "the balance is negative at every lag"},
]
STATUS = ["estimated", "not_estimable", "fixed", "estimated", "in_words"]


def table():
    out = io.StringIO()
    writer = csv.DictWriter(out, [*OLD, "data"], restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows({**WHERE, **row, "data": "SYNTHETIC"} for row in ROWS)
    return out.getvalue().encode()


RECORD = {
    "fits": [{"hausman": {"df": 2, "note": "not estimable: no spread"}, "nobs": 40}],
    "attrition": {
        "selectivity": [
            {"wave": "W", "term": "not estimable: no firm of the wave has accounts", "df": None},
            {"wave": "V", "term": "Intercept", "df": None, "estimate": 0.1},
        ]
    },
}


@pytest.fixture
def export(tmp_path):
    """Return the folder of an export of format 1, as the version before wrote it."""
    folder = tmp_path / "export"
    contents = {"estimates/XX/m.csv": table(), "description/XX.json": json.dumps(RECORD).encode()}
    for name, content in contents.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    files = {name: hashlib.sha256(content).hexdigest() for name, content in contents.items()}
    about = {"format": 1, "cisflow": "0.1", "countries": {}, "files": files}
    (folder / "export.json").write_text(json.dumps(about), encoding="utf-8")
    return folder


def test_an_old_table_gets_a_status_and_bare_reasons(export, tmp_path):
    unpack(str(export), {"estimates/XX/m.csv": tmp_path / "m.csv"})
    read = ESTIMATES.read([tmp_path / "m.csv"])
    assert list(read.columns) == [*ESTIMATES.columns, "data"]
    assert read["status"].tolist() == STATUS
    assert read["note"].tolist()[1] == "constant in this sample, so it repeats the intercept"
    assert read["estimate"].tolist()[0] == 1.5
    assert read["note"].tolist()[3] == "Nickell bias"


def test_old_records_say_reasons_without_their_opening(export, tmp_path):
    unpack(str(export), {"description/XX.json": tmp_path / "d.json"})
    read = json.loads((tmp_path / "d.json").read_text(encoding="utf-8"))
    assert read["fits"] == [{"hausman": {"df": 2, "note": "no spread"}, "nobs": 40}]
    first, second = read["attrition"]["selectivity"]
    assert (first["term"], first["note"]) == ("", "no firm of the wave has accounts")
    assert second == RECORD["attrition"]["selectivity"][1]


def test_tables_without_notes_are_left_as_they_are():
    flow = b"country,wave,step,firms\nXX,W,0,40\n"
    assert of_format_1("sample/XX.csv", flow) == flow


def test_a_file_changed_since_is_refused_before_it_is_read(export, tmp_path):
    (export / "estimates/XX/m.csv").write_bytes(table() + b"XX")
    with pytest.raises(CisflowError, match="changed after the export"):
        unpack(str(export), {"estimates/XX/m.csv": tmp_path / "m.csv"})
    assert not (tmp_path / "m.csv").exists()


def test_a_format_of_the_future_is_refused(export):
    about = json.loads((export / "export.json").read_text(encoding="utf-8"))
    (export / "export.json").write_text(json.dumps({**about, "format": FORMAT + 1}))
    (found,) = disagreements(read_exports([str(export)])[0], SimpleNamespace(countries={}), {}, {})
    assert f"has format {FORMAT + 1}; this version reads 1 and {FORMAT}" in found.what
