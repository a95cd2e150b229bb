"""Attacks on rounded counts: beside an exact total they may leave one value alone."""

import itertools

import pytest
from disclosed import gate_of, survey

from cisflow.release.quality import told_quality

STATES = ("valid", "missing", "filtered", "invalid")


def told(rows, missing, filtered=0, invalid=0):
    """Return the counts of a variable that a quality report tells."""
    valid = rows - missing - filtered - invalid
    counts = dict(zip(STATES, (valid, missing, filtered, invalid), strict=True))
    report = {"country": "BE", "wave": "W1", "rows": rows, "variables": {"employees": counts}}
    found = told_quality(gate_of(survey(60)), report, "quality")["variables"]["employees"]
    return tuple(found[name] for name in STATES)


@pytest.fixture(scope="module")
def shown():
    """What is told of every number of missing answers of 398 and of 400 rows."""
    return {(rows, n): told(rows, n) for rows in (398, 400) for n in range(40)}


@pytest.mark.parametrize("rows", [398, 400])
def test_an_exact_number_of_rows_does_not_tell_how_many_are_missing(shown, rows):
    """Each published pair is met by as many numbers of missing answers as rounding leaves open."""
    for published in {said for (of, _), said in shown.items() if of == rows}:
        met = [n for (of, n), said in shown.items() if (of, said) == (rows, published)]
        assert len(met) >= 5, (published, met)


@pytest.mark.parametrize("rows", [398, 400])
def test_parts_rounded_one_by_one_would(rows):
    def near(n):
        return 10 * ((n + 5) // 10)

    pairs = [(near(rows - n), near(n)) for n in range(40)]
    assert min(pairs.count(pair) for pair in pairs) == 1


def test_what_is_told_stays_multiples_of_the_minimum_and_sums_to_the_rows():
    for missing, filtered, invalid in itertools.product((0, 4, 14), (0, 96), (0, 5)):
        counts = told(404, missing, filtered, invalid)
        assert all(n >= 0 and n % 10 == 0 for n in counts)
        assert sum(counts) == 400
