"""Data frames of R's: values, labels of haven's, and what is refused."""

import bz2
import contextlib
import gzip
import lzma

import pytest
import r_files as r
from rdata import TESTDATA_PATH
from rdata.parser import RObjectType

from cisflow.base.problems import CisflowError
from cisflow.raw import robjects
from cisflow.raw.extract import open_extract, read_extract

NAN = float("nan")


def survey():
    """Return a data frame with a column of every kind."""
    kind = {"class": r.texts(["factor"]), "levels": r.texts(["small", "large"])}
    return r.data_frame(
        {
            "id": r.texts(["001", "002", None, "Né"]),
            "turn": r.numbers([1e10, 0.1, NAN, 12]),
            "emp": r.whole([10, -(2**31), 7, 8]),
            "coop": r.labelled(
                [1, 2, r.tagged("a"), 9],
                {1: "yes", 2: "no", 9: "don't know", r.tagged("a"): "refused"},
                "Did you cooperate?",
                na_values=r.numbers([9]),
            ),
            "grp": r.flags([True, False, None, True]),
            "size": r.whole([1, 2, -(2**31), 2], **kind),
            "closes": r.numbers([17166, NAN, 0, 16436], **{"class": r.texts(["Date"])}),
        },
        4,
    )


@pytest.mark.parametrize("name", ["x.rds", "x.RDS", "x.RData", "x.rda"])
@pytest.mark.parametrize("compression", [None, "gzip", "bzip2", "xz"])
def test_columns_of_every_kind(tmp_path, name, compression):
    thing = survey() if name.lower().endswith("rds") else {"firms": survey()}
    extract = open_extract(r.save(tmp_path / name, thing, compression=compression)).read()
    table = extract.table.astype(object).where(extract.table.notna(), None)
    assert table["id"].tolist() == ["001", "002", None, "Né"]
    assert table["turn"].tolist() == ["10000000000", "0.1", None, "12"]
    assert table["emp"].tolist() == ["10", None, "7", "8"]
    assert table["coop"].tolist() == ["1", "2", None, None]
    assert table["grp"].tolist() == ["1", "0", None, "1"]
    assert table["size"].tolist() == ["small", "large", None, "large"]
    assert table["closes"].tolist() == ["2016-12-31", None, "1970-01-01", "2015-01-01"]
    labels = {"1": "yes", "2": "no", "9": "don't know", ".a": "refused"}
    assert extract.value_labels["coop"] == labels
    assert extract.reasons["coop"] == {".a (refused)": 1, "9 (don't know)": 1}


def test_labels_of_columns(tmp_path):
    opened = open_extract(r.save(tmp_path / "x.rds", survey()))
    assert opened.labels == {"coop": "Did you cooperate?"}


def test_a_range_declared_missing(tmp_path):
    column = r.labelled([1, 97, 98, 99], {1: "yes"}, "Q", na_range=r.numbers([97, 99]))
    path = r.save(tmp_path / "x.rds", r.data_frame({"q": column}, 4))
    assert read_extract(path)["q"].tolist()[:1] == ["1"]
    assert read_extract(path)["q"].isna().sum() == 3


def test_files_that_r_wrote():
    for name in ("test_dataframe.rda", "test_dataframe.rds"):
        assert read_extract(TESTDATA_PATH / name)["value"].tolist() == ["1", "2", "3"]


def test_one_of_several_data_frames(tmp_path):
    other = r.data_frame({"code": r.numbers([1])}, 1)
    path = r.save(tmp_path / "x.RData", {"codes": other, "firms": survey(), "n": r.numbers([1])})
    with pytest.raises(CisflowError, match="several data frames: 'codes', 'firms'"):
        open_extract(path)
    assert open_extract(path, {"sheet": "firms"}).names[0] == "id"
    with pytest.raises(CisflowError, match="there is no data frame 'firm'"):
        open_extract(path, {"sheet": "firm"})


def test_no_data_frame_in_it(tmp_path):
    with pytest.raises(CisflowError, match="it holds no data frame"):
        open_extract(r.save(tmp_path / "x.rds", r.numbers([1, 2])))


def test_lists_in_a_column_are_passed_over_and_told(tmp_path):
    lists = r.vector(RObjectType.VEC, [r.numbers([1, 2]), r.numbers([3])])
    path = r.save(tmp_path / "x.rds", r.data_frame({"a": r.numbers([1, 2]), "b": lists}, 2))
    extract = open_extract(path).read()
    assert list(extract.table) == ["a"]
    assert "columns of lists passed over: 1" in extract.read_as


@pytest.mark.parametrize("part", [0.05, 0.3, 0.5, 0.7, 0.9, 0.98])
@pytest.mark.parametrize("packed", [True, False])
def test_truncated_files(tmp_path, part, packed):
    path = r.save(tmp_path / "x.rds", survey(), compression="gzip" if packed else None)
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * part)])
    with pytest.raises(CisflowError, match=r"damaged|truncated"):
        open_extract(path)


def test_any_byte_may_be_wrong(tmp_path):
    """Nothing but our own error leaves the reader, whatever a damaged file holds."""
    path = r.save(tmp_path / "x.rds", survey(), compression=None)
    data = path.read_bytes()
    for place in range(0, len(data), 3):
        path.write_bytes(data[:place] + bytes([data[place] ^ 0x55]) + data[place + 1 :])
        with contextlib.suppress(CisflowError):
            open_extract(path).read()


def test_something_else_under_the_name(tmp_path):
    path = tmp_path / "x.rds"
    for data in (b"id;turn\n1;2\n", b"PK\x03\x04", b"\x1f\x8b", b"X\n" + b"\xff" * 40):
        path.write_bytes(data)
        with pytest.raises(CisflowError, match=r"damaged|truncated"):
            open_extract(path)


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress])
def test_what_unpacks_to_far_more_is_refused(tmp_path, monkeypatch, pack):
    monkeypatch.setattr(robjects, "MOST_BYTES", 1 << 20)
    (tmp_path / "x.rds").write_bytes(pack(b"X\n" + b"\0" * (1 << 21)))
    with pytest.raises(CisflowError, match="more than 1,048,576 bytes when unpacked"):
        open_extract(tmp_path / "x.rds")


def test_a_sequence_without_end_is_refused():
    """R notes 1 to n in a few bytes, whatever n."""
    sequence = robjects._bounded_constructors()[b"compact_intseq"]
    assert sequence(r.numbers([4, 1, 1]))[1].tolist() == [1, 2, 3, 4]
    with pytest.raises(ValueError, match="more values than any survey has"):
        sequence(r.numbers([1e12, 1, 1]))


def test_many_objects_end_in_an_error_of_ours(tmp_path):
    path = r.save(tmp_path / "x.RData", {f"n{i}": r.numbers([i]) for i in range(150)})
    with pytest.raises(CisflowError, match=r"no data frame|more objects"):
        open_extract(path)


def test_amounts_stored_as_numbers_are_told_apart_from_texts(tmp_path):
    path = r.save(tmp_path / "x.rds", r.data_frame({"a": r.numbers([1.125, 2])}, 2))
    assert read_extract(path, options={"stored_apart": True})["a"].tolist() == ["1.125e0", "2"]
