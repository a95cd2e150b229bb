"""Rows that are no firms are left out and told, by what they hold; firms never are."""

import as_people_make_them as made
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cisflow.base.problems import CisflowError
from cisflow.raw.extract import open_extract
from cisflow.raw.leftover import left_out

HEADER, ROWS = made.table()
EMP, TURN = (sum(row[i] for row in ROWS) for i in (2, 3))


@pytest.fixture(params=made.FORMATS)
def read(request, tmp_path):
    """Return a function that writes rows below the header in a format and reads them."""

    def run(rows, **options):
        path = made.write(tmp_path / f"survey{request.param}", [HEADER, *rows])
        return open_extract(path, options).read()

    return run


@pytest.mark.parametrize(
    "total",
    [
        ["Total", None, EMP, TURN],
        [None, None, EMP, TURN],
        ["Ensemble", "all", EMP, TURN, None, None, None, None],
        ["Summe", None, None, TURN],
        ["Razem", None, EMP, TURN, *(sum(r[i] or 0 for r in ROWS) for i in (4, 5, 6, 7))],
    ],
)
def test_a_row_that_sums_the_others(read, total):
    extract = read([*ROWS, total])
    assert (len(extract.table), extract.rows) == (len(ROWS), len(ROWS))
    assert extract.left_out == {"totals": 1}
    assert "1 row that sums others left out" in extract.read_as


def test_a_total_in_the_first_row_and_in_between(read):
    assert read([["All", None, EMP, TURN], *ROWS]).left_out == {"totals": 1}
    parts = [ROWS[:12], ROWS[12:]]
    sums = [["Part", None, sum(r[2] for r in p), sum(r[3] for r in p)] for p in parts]
    whole = ["All", None, EMP, TURN]
    extract = read([*parts[0], sums[0], *parts[1], sums[1], whole])
    assert extract.left_out == {"totals": 3}
    assert extract.table["id"].tolist() == [str(row[0]) for row in ROWS]


@pytest.mark.parametrize(
    "note",
    [
        ["Source: national office"],
        ["* provisional figures; see the report of 2018"],
        [None, None, "Note - employees are heads"],
        ["Quelle: Amt", None, None, None, "vorläufig!"],
    ],
)
def test_rows_of_notes(read, note):
    extract = read([*ROWS, [], note, note])
    assert extract.table["id"].tolist() == [str(row[0]) for row in ROWS]
    assert extract.left_out["notes"] == 2
    assert "2 rows of notes left out" in extract.read_as


def test_the_header_once_more(read):
    extract = read([*ROWS[:10], HEADER, *ROWS[10:]])
    assert extract.left_out == {"headers": 1}
    assert len(extract.table) == len(ROWS)


def test_a_total_and_notes_below_it(read):
    rows = [*ROWS, ["Total", None, EMP, TURN], ["Source: office", None], ["Read: 2018-01-02", None]]
    assert read(rows).left_out == {"totals": 1, "notes": 2}
    kept = read(rows, all_rows=True)
    assert (len(kept.table), kept.left_out) == (len(ROWS) + 3, {})


@pytest.mark.parametrize(
    "firm",
    [
        [2001, None],  # answered nothing
        [2001, "10.1", 4000, 9_999_999],  # far the largest
        [2001, None, EMP + 50, TURN - 4000],  # nearly as large as all others, without activity
        [2001, "10.1", EMP, 77, 1, 0, None, None],  # one figure that happens to be the sum
        ["2001a", "10.1", 12, 5000, 1, 0, None, None],  # another kind of identifier
        [None, "10.1", 12, 5000, 1, 0, None, None],  # none: to be refused by name, not left out
    ],
)
def test_a_firm_is_never_left_out(read, firm):
    extract = read([*ROWS, firm])
    assert (len(extract.table), extract.left_out) == (len(ROWS) + 1, {})


def test_the_word_total_alone_makes_no_total(read):
    extract = read([*ROWS, ["Total", "10.1", 12, 5000, 1, 0, None, None]])
    assert (len(extract.table), extract.left_out) == (len(ROWS) + 1, {})


def test_the_same_rows_are_left_out_whatever_columns_are_read(tmp_path):
    path = made.write(tmp_path / "x.csv", [HEADER, *ROWS, ["Total", None, EMP, TURN]])
    for columns in (["emp"], ["id", "grp"], None):
        assert len(open_extract(path).read(columns).table) == len(ROWS)
    opened = open_extract(path)
    assert opened.read().read_as == opened.read(["id"]).read_as


def test_notes_without_delimiters_and_cut_rows(tmp_path):
    path = made.write(tmp_path / "x.csv", [HEADER, *ROWS])
    text = path.read_text()
    path.write_text(f"{text}Total;;{EMP};{TURN}\nSource: office\n", encoding="utf-8")
    assert open_extract(path).read().left_out == {"totals": 1, "notes": 1}
    path.write_text(f"{text}1999;20.1;7\nSource: office\n", encoding="utf-8")
    with pytest.raises(CisflowError, match="do not have the 8 cells of the header"):
        open_extract(path).read()


def test_answers_that_are_often_missing_make_no_row_odd(read):
    rows = [[row[0], *([None] * 7 if i % 3 else row[1:])] for i, row in enumerate(ROWS)]
    assert read(rows).left_out == {}


def _tables(rows):
    import pyarrow as pa

    def pieces(places):
        for start in range(0, len(rows), 7):
            part = rows[start : start + 7]
            columns = [[r[p] and str(r[p]) for r in part] for p in places]
            yield pa.table(
                [pa.array(c, pa.large_string()) for c in columns], [str(p) for p in places]
            )

    return pieces


@settings(max_examples=60)
@given(st.integers(0, 10**6), st.integers(12, 60), st.booleans())
def test_amounts_of_any_kind(seed, n, rounded):
    """A total is found among firms of any sizes; without it nothing is left out."""
    rng = np.random.default_rng(seed)
    figures = rng.lognormal(3, 2, (n, 2)).round(2) + 0.01
    rows = [[f"F{i:03d}", *map(float, row), "x"] for i, row in enumerate(figures)]
    sums = figures.sum(axis=0)
    total = [None, *map(float, sums.round(0 if rounded else 2)), None]
    header = ["id", "a", "b", "c"]
    assert left_out(_tables(rows), header).counts == {}
    assert left_out(_tables([*rows, total]), header).rows == {n: "totals"}
