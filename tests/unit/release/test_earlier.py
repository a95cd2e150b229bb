"""The sets of firms behind a packet: kept for the owner alone, and found again by firm."""

import numpy as np
import pytest
from disclosed import gate_of, survey

from cisflow.release.earlier import Sets, note_earlier, sets_of


@pytest.fixture
def first():
    gate = gate_of(survey())
    note_earlier(gate, {})
    gate.note("all", range(60))
    gate.note("few", range(4))
    gate.note("rest", range(4, 60))
    gate.note_parts("all", ["few", "rest"])
    gate.note_answers("alike", gate.mask(range(100, 150)), gate.mask(range(100, 150)), 1)
    return sets_of(gate)


def test_sets_are_read_as_they_were_written_and_nobody_else_reads_them(first, tmp_path):
    file = tmp_path / "microdata/BE/sets.npz"
    first.write(file)
    again = Sets.read(file)
    for name, value in vars(first).items():
        assert np.array_equal(getattr(again, name), value), name
    assert file.stat().st_mode & 0o077 == 0
    first.write(tmp_path / "other.npz")
    assert file.read_bytes() == (tmp_path / "other.npz").read_bytes()


def test_firms_are_found_again_in_another_order_and_when_they_are_gone(first):
    panel = survey().iloc[::-1].drop(index=[0, 1])
    gate = gate_of(panel)
    note_earlier(gate, {"1": first})
    told = sets_of(gate, [first])
    assert {*told.firms} == {*first.firms}

    def named(sets):
        known = np.unpackbits(sets.members, axis=1, count=len(sets.firms)).astype(bool)
        return [({*sets.firms[row]}, state) for row, state in zip(known, sets.states, strict=True)]

    for firms, state in named(first):
        assert (firms, state) in named(told)
    assert len(told.sums) == len(first.sums)


def test_what_was_shown_stays_shown_under_stricter_rules(first):
    gate = gate_of(survey(), minimum=80)
    note_earlier(gate, {"1": first})
    gate.note("again", range(60))
    gate.note("other", range(200, 260))
    assert gate.why("again") == ""
    assert gate.why("other") != ""
