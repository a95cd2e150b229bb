"""Attacks with two packets of the same data: the second with the first must not tell of few."""

import numpy as np
import pytest
from disclosed import OLS, gate_of, released, sample_of, survey, variable_of
from finished_run import finished_run

from cisflow.base.problems import CisflowError
from cisflow.disclosure.sets import EARLIER, SUM
from cisflow.publication.packet.write import write_packet
from cisflow.release.earlier import Sets, note_earlier, sets_of

WITH_PROTECTION = {**OLS, "columns": {"any": ["coop_any", "protection"]}}
WITH_DIVERSITY = {**OLS, "columns": {"any": ["coop_any", "diversity"]}}


def without_answers(few):
    panel = survey()
    panel.loc[: few - 1, "protection"] = np.nan
    return panel


@pytest.mark.parametrize(("few", "told"), [(1, False), (3, False), (9, False), (10, True)])
def test_a_later_sample_is_held_against_what_was_released(few, told, tmp_path):
    """The second sample is the first one without a few firms; no run has both."""
    panel = without_answers(50)
    panel.loc[: 50 + few - 1, "diversity"] = np.nan
    run, first = finished_run(tmp_path / "madeup", panel, main=WITH_PROTECTION)
    assert sample_of(first, "main")["n"] == 350
    write_packet(run)
    earlier = {"1": Sets.read(run / "microdata/BE/released/1.npz")}
    _, alone = finished_run(tmp_path / "alone", panel, other=WITH_DIVERSITY)
    _, out = finished_run(run, panel, earlier, other=WITH_DIVERSITY)
    assert sample_of(alone, "other")["n"] == 350 - few
    assert sample_of(out, "other")["n"] == (350 - few if told else None)
    assert (variable_of(out, "other", "log_employees")["mean"] is not None) is told
    sheet = write_packet(run).folder / "sheet.html"
    assert told or EARLIER in sheet.read_text(encoding="utf-8")


def test_a_packet_that_did_not_know_the_first_one_is_refused(tmp_path):
    panel = without_answers(50)
    panel.loc[:52, "diversity"] = np.nan
    run, _ = finished_run(tmp_path / "madeup", panel, main=WITH_PROTECTION)
    write_packet(run)
    finished_run(run, panel, other=WITH_DIVERSITY)
    with pytest.raises(CisflowError, match="not held against what an earlier packet released"):
        write_packet(run)


def test_a_smaller_sample_that_left_first_hides_the_larger_one():
    """Of one run the dearer number is kept; what has left cannot be taken back."""
    panel = survey()
    first, later, alone = (gate_of(panel) for _ in range(3))
    first.note("sample", range(397), 1)
    assert not first.withheld
    note_earlier(later, {"1": sets_of(first)})
    for gate in (later, alone):
        gate.note("everyone", range(400), 1e6)
    assert later.why("everyone") == EARLIER
    assert alone.why("everyone") == ""


def test_an_extract_delivered_again_without_three_firms_does_not_tell_of_them():
    panel = survey()
    earlier = {"1": released(panel).sets}
    again = panel.drop(index=[5, 6, 7]).reset_index(drop=True)
    out = released(again, earlier=earlier)
    assert sample_of(out, "main")["n"] is None
    assert sample_of(released(again), "main")["n"] == 397


def test_an_extract_delivered_again_with_three_firms_more_does_not_tell_of_them():
    panel = survey()
    first = panel.drop(index=[5, 6, 7]).reset_index(drop=True)
    out = released(panel, earlier={"1": released(first).sets})
    assert sample_of(out, "main")["n"] is None


def test_other_firms_are_not_held_against_each_other():
    panel = survey()
    other = panel.assign(firm_id=[f"g{i}" for i in range(len(panel))]).drop(index=[5, 6, 7])
    out = released(panel, earlier={"1": released(other.reset_index(drop=True)).sets})
    assert sample_of(out, "main")["n"] == 400


def test_after_a_release_the_same_run_withholds_the_same():
    panel = without_answers(3)
    models = {"main": OLS, "other": WITH_PROTECTION}
    first = released(panel, **models)
    again = released(panel, earlier={"1": first.sets, "2": first.sets}, **models)
    assert again.register["files"] == first.register["files"]
    assert again.flow.equals(first.flow)


def parted(gate, earlier=None, table=True):
    """Ask a gate about a table of three parts, of 50, 40 and 4 firms, or about one part alone."""
    note_earlier(gate, earlier or {})
    parts = {"a": range(50), "b": range(50, 90), "few": range(90, 94)}
    if table:
        gate.note("all", range(94), 100)
        for name, rows in parts.items():
            gate.note(name, rows, 50 if name == "a" else 1)
        gate.note_parts("all", list(parts))
    else:
        gate.note("b alone", parts["b"])
    return gate


def test_what_was_withheld_to_protect_a_total_is_withheld_later():
    panel = survey(94)
    first = parted(gate_of(panel))
    assert set(first.withheld) == {"b", "few"}
    later = parted(gate_of(panel), {"1": sets_of(first)}, table=False)
    assert later.why("b alone") == SUM
    assert parted(gate_of(panel), table=False).why("b alone") == ""


# --- what is kept of packets is damaged -------------------------------------------------------


@pytest.mark.parametrize("kept", [0, 50, 1000])
def test_sets_that_are_cut_off_are_not_remembered_as_what_has_left(kept, tmp_path):
    """Else the next packet would be held against nothing."""
    run, _ = finished_run(tmp_path / "madeup", survey(), main=OLS)
    file = run / "microdata/BE/sets.npz"
    file.write_bytes(file.read_bytes()[:kept])
    with pytest.raises(CisflowError, match="damaged or cut off"):
        write_packet(run)
    assert not (run / "microdata/BE/released").exists()
    assert not list((run / "release").glob("[0-9]*"))


def test_a_damaged_memory_of_a_packet_is_named_and_not_passed_over(tmp_path):
    run, _ = finished_run(tmp_path / "madeup", survey(), main=OLS)
    write_packet(run)
    file = run / "microdata/BE/released/1.npz"
    file.write_bytes(file.read_bytes()[:-100])
    with pytest.raises(CisflowError, match="from a copy of the folder"):
        Sets.read(file)


def _without(register):
    register.unlink()


def _told_otherwise(register):
    register.write_text(register.read_text(encoding="utf-8").replace("400", "4000"))


@pytest.mark.parametrize("change", [_without, _told_otherwise])
def test_a_register_that_is_not_the_gates_does_not_speak_to_the_checker(change, tmp_path):
    run, _ = finished_run(tmp_path / "madeup", survey(), main=OLS)
    change(run / "register/BE.json")
    with pytest.raises(CisflowError) as caught:
        write_packet(run)
    assert "register/BE.json" in str(caught.value)
