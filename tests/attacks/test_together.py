"""Attacks by inclusion and exclusion: several samples together tell of the few that none has."""

import itertools

import numpy as np
import pytest
from disclosed import OLS, RULES, flags, released, sample_of, survey, variable_of

TOLD_ALL = RULES.model_copy(update={"minimum_cell": 1})
BY = {**OLS, "columns": {"any": ["diversity"]}}


def of(*flags_of_firms):
    return {**BY, "sample": ["manufacturing", *flags_of_firms]}


def with_flags(**ranks):
    """Return a survey with a yes/no for each range of ranks by employees."""
    panel = survey()
    place = panel["employees"].rank(method="first")
    for name, (low, high) in ranks.items():
        panel[name] = flags((place > low) & (place <= high))
    return panel, place


def sizes(out, *models):
    return [sample_of(out, model)["n"] for model in models]


def left_over(out, whole, *parts):
    """Return number and mean margin of the firms of a sample that are in none of its parts."""
    about = {
        m: (sample_of(out, m)["n"], variable_of(out, m, "profit_margin")["mean"])
        for m in (whole, *parts)
    }
    n = about[whole][0] - sum(about[m][0] for m in parts)
    total = np.prod(about[whole]) - sum(np.prod(about[m]) for m in parts)
    return n, total / n


CLASSES = {"low": (0, 130), "middle": (130, 260), "high": (260, 397)}


def test_three_classes_told_of_all_firms_would_tell_the_values_of_the_rest():
    panel, place = with_flags(**CLASSES)
    out = released(panel, TOLD_ALL, main=of(), **{name: of(name) for name in CLASSES})
    n, mean = left_over(out, "main", *CLASSES)
    assert n == 3
    assert mean == pytest.approx(panel.loc[place > 397, "profit_margin"].mean())


@pytest.mark.parametrize("few", [1, 3, 9])
@pytest.mark.parametrize("cuts", [(0, 130, 260), (0, 80, 160, 280)])
def test_classes_of_all_firms_are_not_all_told(few, cuts):
    ends = [*cuts[1:], 400 - few]
    classes = {f"class_{i}": ends for i, ends in enumerate(zip(cuts, ends, strict=True))}
    panel, _ = with_flags(**classes)
    out = released(panel, main=of(), **{name: of(name) for name in classes})
    told = sizes(out, "main", *classes)
    assert None in told
    assert 400 in told  # the model that stands first in the config keeps its numbers
    hidden = next(m for m in classes if sample_of(out, m)["n"] is None)
    assert variable_of(out, hidden, "profit_margin")["mean"] is None


def test_classes_that_leave_enough_firms_are_told():
    panel, _ = with_flags(low=(0, 130), middle=(130, 260), high=(260, 388))
    out = released(panel, main=of(), **{name: of(name) for name in CLASSES})
    assert sizes(out, "main", *CLASSES) == [400, 130, 130, 128]


def test_classes_that_leave_nobody_are_told():
    panel, _ = with_flags(low=(0, 130), middle=(130, 260), high=(260, 400))
    out = released(panel, main=of(), **{name: of(name) for name in CLASSES})
    assert sizes(out, "main", *CLASSES) == [400, 130, 130, 140]


def test_two_groups_and_who_is_in_either_do_not_tell_who_is_in_both():
    panel, _ = with_flags(either=(0, 300), one=(0, 154), other=(150, 300))
    samples = {name: of(name) for name in ("either", "one", "other")}
    assert sizes(released(panel, TOLD_ALL, main=of(), **samples), *samples) == [300, 154, 150]
    told = sizes(released(panel, main=of(), **samples), *samples)
    assert None in told


def test_yes_answers_of_three_classes_do_not_tell_those_of_the_rest():
    """The rest is large enough, but only two of it say yes."""
    panel, place = with_flags(low=(0, 120), middle=(120, 240), high=(240, 360))
    rest = panel.index[place > 360]
    panel.loc[rest, "coop_any"] = False
    panel.loc[rest[:2], "coop_any"] = True
    models = {"main": of(), **{name: of(name) for name in CLASSES}}
    models = {name: {**spec, "columns": {"any": ["coop_any"]}} for name, spec in models.items()}
    out = released(panel, **models)
    told = {m: variable_of(out, m, "coop_any") for m in models}
    yes = [v["mean"] and round(v["mean"] * v["n"]) for v in told.values()]
    assert None in yes


def test_no_told_whole_and_three_of_its_parts_leave_few():
    panel, _ = with_flags(
        **{
            f"f{i}": (start, start + length)
            for i, (start, length) in enumerate(
                [(0, 60), (0, 125), (60, 66), (120, 140), (126, 150), (255, 140), (270, 126)]
            )
        }
    )
    names = [name for name in panel if name.startswith("f") and name[1:].isdigit()]
    out = released(panel, main=of(), **{name: of(name) for name in names})
    firms = {name: panel[name].to_numpy(dtype=bool) for name in names}
    firms["main"] = np.ones(400, dtype=bool)
    told = [name for name in firms if sample_of(out, name)["n"] is not None]
    assert len(told) > 3
    for whole, count in itertools.product(told, (2, 3)):
        for parts in itertools.combinations([name for name in told if name != whole], count):
            inside = sum(firms[part].astype(int) for part in parts)
            apart = np.abs(firms[whole].astype(int) - inside).sum()
            assert apart == 0 or apart > 9, (whole, parts)
