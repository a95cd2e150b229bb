"""The pieces behind estimates without each row."""

from types import SimpleNamespace

import numpy as np

from cisflow.estimators.influence import RowParts, options_of, steps, ways_of


def test_a_step_is_that_of_the_information_without_the_row():
    rng = np.random.default_rng(0)
    basis, score = rng.normal(size=(6, 3, 2)), rng.normal(size=(6, 2))
    root = rng.normal(size=(6, 2, 2)) * 0.3
    M = root @ root.transpose(0, 2, 1)
    H = (basis @ M @ basis.transpose(0, 2, 1)).sum(axis=0) + np.eye(3)
    one = np.ones(6)
    step, gain, _ = steps(RowParts(basis, score, M, one, one), np.linalg.inv(H))
    for i in range(6):
        without = H - basis[i] @ M[i] @ basis[i].T
        np.testing.assert_allclose(step[i], -np.linalg.solve(without, basis[i] @ score[i]))
        bread = np.linalg.inv(H)
        np.testing.assert_allclose(
            np.linalg.inv(without), bread + bread @ basis[i] @ gain[i] @ basis[i].T @ bread
        )


def test_ways_alternate_in_sign():
    a, b, c = np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1]), np.array([0, 0, 0, 1])
    ways = ways_of([a, b, c])
    assert [sign for sign, *_ in ways] == [1, 1, 1, -1, -1, -1, 1]
    assert [n for *_, n in ways] == [2, 2, 2, 4, 3, 3, 4]


def test_options_follow_the_rows():
    kept = np.array([0, 2])
    given = {"groups": np.array([5, 6, 7]), "strata": "region", "use_correction": True}
    fit = SimpleNamespace(cov_kwds=given, correction="CR1")
    found = options_of(fit, kept, lambda values, _: values)
    assert list(found["groups"]) == [5, 7]
    assert found["strata"] == "region"
    assert found["use_correction"] is True
    assert found["correction"] == "CR1"
