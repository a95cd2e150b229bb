"""Many tests: adjusted p-values against statsmodels, theory and simulation."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm
from statsmodels.stats.multitest import multipletests

from cisflow.claims.families import adjusted, matrix_of, romano_wolf
from cisflow.study.claims import Rule, key_of
from cisflow.study.verdicts import FEW_FIRMS, TOO_FEW, WEAK

RULE = Rule(draws=20_000)


def a_row(p, claim="C1", source="A", term="a", **more):
    base = {"country": "BE", "wave": "W", "model": "m", "outcome": "y", "column": "c"}
    named = {"term": term, "quantity": "coefficient", "claim": claim, "source": source}
    return {**base, **named, "p_test": p, "estimate": 1.0, **more}


def rows_of(*ps, **more):
    return [a_row(p, f"C{i}", term=f"t{i}", **more) for i, p in enumerate(ps)]


def independent(rows):
    keys = [key_of("m", row) for row in rows]
    known = {a: {b: 0.0 for b in keys if b != a} for a in keys}
    return {("BE", "W"): known}


def test_holm_and_benjamini_hochberg_are_statsmodels():
    ps = [0.01, 0.04, 0.03, 0.2]
    found = adjusted(rows_of(*ps), {}, RULE, 1)
    for name, method in (("p_holm", "holm"), ("p_bh", "fdr_bh")):
        assert [row[name] for row in found] == pytest.approx(multipletests(ps, method=method)[1])
    # How they hang together is not known: no more can be said than by Holm.
    assert [row["p_rw"] for row in found] == pytest.approx([row["p_holm"] for row in found])


def test_families_are_of_one_article_or_claim_in_one_place():
    rows = [*rows_of(0.01, 0.02), a_row(0.03, "C9", "B"), a_row(0.04, "C0", wave="V")]
    found = adjusted(rows, {}, RULE, 1)
    assert [row["p_holm"] for row in found] == pytest.approx([0.02, 0.02, 0.03, 0.04])
    assert [row["p_holm_claim"] for row in found] == pytest.approx([0.01, 0.02, 0.03, 0.04])


def test_a_test_that_two_claims_share_counts_once():
    rows = [a_row(0.01, "C1"), a_row(0.01, "C5"), a_row(0.03, "C2", term="b")]
    assert [row["p_holm"] for row in adjusted(rows, {}, RULE, 1)] == pytest.approx(
        [0.02, 0.02, 0.03]
    )


def test_what_has_no_estimate_is_no_test():
    rows = [*rows_of(0.01, 0.02), {"claim": "C7", "source": "A", "verdict": "not run"}]
    found = adjusted(rows, {}, RULE, 1)
    assert "p_holm" not in found[2]
    assert found[0]["p_holm"] == pytest.approx(0.02)


def test_independent_tests_are_adjusted_by_their_joint_law():
    rows = rows_of(0.01, 0.2, 0.6)
    found = adjusted(rows, independent(rows), RULE, 1)
    sidak = [1 - 0.99**3, 1 - 0.8**2, 0.6]
    assert [row["p_rw"] for row in found] == pytest.approx(sidak, abs=0.01)


def test_tests_that_are_one_and_the_same_cost_nothing():
    p = np.full(4, 0.03)
    found = romano_wolf(p, np.zeros(4, dtype=int), np.ones((4, 4)), 20_000, 1)
    assert found == pytest.approx(p, abs=0.005)


def test_one_sided_tests_know_their_side():
    opposite = np.array([[1.0, -1.0], [-1.0, 1.0]])
    p = np.array([0.03, 0.03])
    same_event = romano_wolf(p, np.array([1, -1]), opposite, 40_000, 1)
    apart = romano_wolf(p, np.array([1, 1]), opposite, 40_000, 1)
    assert same_event == pytest.approx([0.03, 0.03], abs=0.005)
    assert apart == pytest.approx([0.06, 0.06], abs=0.006)


@given(st.lists(st.floats(1e-4, 1), min_size=2, max_size=6), st.floats(0, 0.95))
def test_adjusted_p_values_keep_the_order_and_are_no_smaller(ps, r):
    p = np.array(ps)
    matrix = np.full((len(p), len(p)), r) + (1 - r) * np.eye(len(p))
    found = romano_wolf(p, np.zeros(len(p), dtype=int), matrix, 500, 1)
    assert (found >= p).all()
    assert (np.diff(found[np.argsort(p, kind="stable")]) >= 0).all()


def test_a_test_of_unknown_dependence_costs_its_own_chance_alone():
    p = np.array([0.01, 0.01, 0.01, 0.02])
    known = np.ones((4, 4))
    known[3, :3] = known[:3, 3] = np.nan  # three are one and the same, the fourth is apart
    found = romano_wolf(p, np.zeros(4, dtype=int), known, 40_000, 1)
    assert found == pytest.approx([0.02, 0.02, 0.02, 0.02], abs=0.003)
    holm = multipletests(p, method="holm")[1]
    assert (found <= holm + 1e-9).all()


@pytest.mark.slow
def test_familywise_error_is_held_under_dependence():
    rng = np.random.default_rng(5)
    r = 0.6
    matrix = np.full((5, 5), r) + (1 - r) * np.eye(5)
    z = rng.multivariate_normal(np.zeros(5), matrix, size=1_000)
    wrong = [
        romano_wolf(2 * norm.sf(np.abs(row)), np.zeros(5, dtype=int), matrix, 999, 1).min() <= 0.05
        for row in z
    ]
    assert 0.03 < np.mean(wrong) < 0.07


def test_correlations_are_found_from_either_side():
    assert matrix_of(["a", "b"], {"b": {"a": 0.4}}).tolist() == [[1, 0.4], [0.4, 1]]
    assert np.isnan(matrix_of(["a", "b"], {})[0, 1])


def test_a_claim_of_several_parts_is_adjusted_as_its_hardest_part():
    easy, hard = a_row(0.01, "C4", term="a"), a_row(0.6, "C1", term="b")
    whole = {**a_row(0.6, "C5", term="a"), "hardest": hard}
    found = adjusted([easy, hard, whole, a_row(0.02, "C2", term="c")], {}, RULE, 1)
    for name in ("p_holm", "p_bh", "p_rw"):
        assert found[2][name] == pytest.approx(found[1][name])
        assert found[2][name] >= found[2]["p_test"]


def test_tests_of_zero_and_of_a_band_on_one_estimate_are_two():
    rows = [a_row(0.01, "C1"), a_row(0.7, "C2", band=3.0)]
    found = adjusted(rows, {}, RULE, 1)
    assert [row["p_holm"] for row in found] == pytest.approx([0.02, 0.7])
    assert all(row["p_rw"] >= row["p_test"] for row in found)


def test_what_cannot_decide_lends_no_rank_to_others():
    weak = a_row(1e-38, "C1", term="w", verdict="cannot be decided with this sample", code=WEAK)
    few = a_row(1e-9, "C2", term="f", verdict=TOO_FEW, code=FEW_FIRMS)
    found = adjusted([weak, few, a_row(0.04, "C3"), a_row(0.2, "C4", term="b")], {}, RULE, 1)
    assert "p_bh" not in found[0]
    assert "p_bh" not in found[1]
    assert found[2]["p_bh"] == pytest.approx(0.08)
