"""What an export holds is written as it was sent, and as what it was sent."""

import pytest
from made_up_export import contents, forged, made_up_export

from cisflow.base.problems import CisflowError
from cisflow.estimation.estimates import ESTIMATES
from cisflow.estimation.pooling.received import unpack
from cisflow.study.exports import FORMAT, read_exports


@pytest.mark.parametrize("other", [FORMAT - 1, FORMAT + 1])
def test_another_format_is_refused(tmp_path, other):
    export = forged(made_up_export(tmp_path), about=lambda about: {**about, "format": other})
    (found,) = read_exports([str(export)])[1]
    assert f"has format {other}; this version reads {FORMAT}" in found.what


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
