"""Exports made by an earlier version are read as this one writes them."""

import csv
import io
import json

import pytest
from made_up_export import contents, forged, made_up_export

from cisflow.base.problems import CisflowError
from cisflow.estimation.estimates import ESTIMATES
from cisflow.estimation.pooling.received import of_format_1, unpack
from cisflow.study.exports import FORMAT, read_exports

OLD = [name for name in ESTIMATES.columns if name not in ("status", "quantity")]
WHERE = {"country": "NL", "wave": "CIS4", "model": "m", "outcome": "y", "column": "c"}
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


def as_format_1(about):
    about["format"] = 1


@pytest.fixture
def export(tmp_path):
    """Return an export of format 1, as the version before wrote it."""
    old = {"estimates/NL/m.csv": table(), "description/NL.json": json.dumps(RECORD).encode()}
    return forged(made_up_export(tmp_path), old, as_format_1)


def test_an_old_table_gets_a_status_and_bare_reasons(export, tmp_path):
    unpack(str(export), {"estimates/NL/m.csv": tmp_path / "m.csv"})
    read = ESTIMATES.read([tmp_path / "m.csv"])
    assert list(read.columns) == [*ESTIMATES.columns, "data"]
    assert read["status"].tolist() == STATUS
    assert read["note"].tolist()[1] == "constant in this sample, so it repeats the intercept"
    assert read["estimate"].tolist()[0] == 1.5
    assert read["note"].tolist()[3] == "Nickell bias"
    assert set(read["quantity"]) == {"coefficient"}


def test_estimates_that_do_not_name_their_quantity_are_coefficients(tmp_path):
    export = made_up_export(tmp_path)
    name = "estimates/NL/m.csv"
    new = contents(export)[name]
    header, *rows = csv.reader(io.StringIO(new.decode()))
    at, out = header.index("quantity"), io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerows([*row[:at], *row[at + 1 :]] for row in (header, *rows))
    old = forged(export, {name: out.getvalue().encode()}, lambda about: {**about, "format": 2})
    unpack(str(old), {name: tmp_path / "m.csv"})
    assert (tmp_path / "m.csv").read_bytes() == new


def test_old_records_say_reasons_without_their_opening(export, tmp_path):
    unpack(str(export), {"description/NL.json": tmp_path / "d.json"})
    read = json.loads((tmp_path / "d.json").read_text(encoding="utf-8"))
    assert read["fits"] == [{"hausman": {"df": 2, "note": "no spread"}, "nobs": 40}]
    first, second = read["attrition"]["selectivity"]
    assert (first["term"], first["note"]) == ("", "no firm of the wave has accounts")
    assert second == RECORD["attrition"]["selectivity"][1]


def test_tables_without_notes_are_left_as_they_are():
    flow = b"country,wave,step,firms\nXX,W,0,40\n"
    assert of_format_1("sample/NL.csv", flow) == flow


def test_a_format_of_the_future_is_refused(export):
    forged(export, about=lambda about: {**about, "format": FORMAT + 1})
    (found,) = read_exports([str(export)])[1]
    assert f"has format {FORMAT + 1}; this version reads 1 and 2 and {FORMAT}" in found.what


def test_what_an_export_holds_is_written_byte_by_byte(tmp_path):
    export = made_up_export(tmp_path)
    names = [name for name in contents(export) if name != "export.json"]
    unpack(str(export), {name: tmp_path / f"{i}" for i, name in enumerate(names)})
    written = [(tmp_path / f"{i}").read_bytes() for i in range(len(names))]
    assert written == [contents(export)[name] for name in names]


def test_what_a_centre_read_by_a_draft_stays_marked_so(tmp_path):
    export = made_up_export(tmp_path, unconfirmed=12)
    [found], problems = read_exports([str(export)])
    assert (problems, found.about["unconfirmed"]) == ([], 12)
    unpack(str(export), {"estimates/NL/m.csv": tmp_path / "m.csv"})
    read = ESTIMATES.read([tmp_path / "m.csv"])
    assert set(read["data"]) == {"SYNTHETIC, DRAFT MAPPING (12 variables unconfirmed)"}

    def settled(about):
        about["unconfirmed"] = 0

    with pytest.raises(CisflowError, match="is not stamped as SYNTHETIC data"):
        unpack(str(forged(export, about=settled)), {"estimates/NL/m.csv": tmp_path / "n.csv"})
    # One of an earlier version says nothing of it.
    old = forged(made_up_export(tmp_path), about=lambda about: about.pop("unconfirmed") and None)
    assert read_exports([str(old)])[1] == []
