"""Columns that belong together, by their names and labels."""

from cisflow.assist.review.stems import LARGEST, series, stems, years_in


def groups(names, labels=None):
    """Return the columns of each group."""
    found: dict[str, list[str]] = {}
    for name, stem in stems(names, labels or {}).items():
        found.setdefault(stem, []).append(name)
    return found


def test_numbers_letters_and_last_parts_make_batteries():
    found = groups(["iexp1", "iexp2", "q12a", "q12b", "v2_a", "v2_b", "wine"])
    assert found == {
        "iexp": ["iexp1", "iexp2"],
        "q12": ["q12a", "q12b"],
        "v2_": ["v2_a", "v2_b"],
        "": ["wine"],
    }


def test_capitals_do_not_matter():
    assert groups(["CO1", "co2"]) == {"co": ["CO1", "co2"]}


def test_names_without_meaning_are_parted_by_their_labels():
    names = [f"q{i}" for i in range(2 * LARGEST)]
    labels = {n: f"{'Did you' if i < LARGEST else 'How much'} {i}" for i, n in enumerate(names)}
    found = groups(names, labels)
    assert [len(columns) for columns in found.values()] == [LARGEST, LARGEST]


def test_a_year_is_found_in_a_name_and_a_number_is_none():
    assert years_in("turnover07") == ("turnover{}", 2007)
    assert years_in("TURN2016_EUR") == ("turn{}_eur", 2016)
    assert years_in("q123") is None
    assert series(["emp14", "emp16", "grp"]) == {"emp{}": {2014: "emp14", 2016: "emp16"}}


def test_no_name_is_lost():
    names = ["", " ", "_", "1", "a_", "__", "é1", "é2", "x.y", "x.z"]
    assert list(stems(names, {})) == names
