"""Pieces, threads and memory layout change speed, and nothing else."""

import os
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
import threadpoolctl

from cisflow.estimators.tobit import threads as tobit_threads
from cisflow.estimators.tobit.likelihood import Design
from cisflow.estimators.tobit.model import Tobit

SCRIPT = """
import hashlib, numpy as np, pandas as pd
from cisflow.estimators.tobit.model import Tobit
from cisflow.estimators import tobit_threads
tobit_threads.PIECE, tobit_threads.THREADED = 512, 0
tobit_threads.pieces.__defaults__ = (512,)
rng = np.random.default_rng(3)
n = 6000
table = pd.DataFrame(rng.normal(size=(n, 9)), columns=list("abcdefghi"))
table["g"] = rng.integers(0, 20, n)
table["y"] = np.clip(table.sum(axis=1) / 9 + rng.normal(size=n), 0, 2)
fit = Tobit.from_formula("y ~ a + b + c + d + e + f + h + i + C(g)", table, 0, 2).fit()
draws = fit.bootstrap(40, seed=1).estimates
clustered = fit.with_cov("cluster", {"groups": "g"}).cov_params()
numbers = [fit.params, fit.cov_params(), clustered, draws, [fit.llf]]
raw = b"".join(np.asarray(v).tobytes() for v in numbers)
print(tobit_threads.threads(), hashlib.sha256(raw).hexdigest())
"""


def run(code: str, **environment: str) -> list[str]:
    env = {k: v for k, v in os.environ.items() if not k.endswith("_NUM_THREADS")} | environment
    out = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=env
    )
    return out.stdout.split()


def test_thread_count_does_not_change_a_byte():
    one = run(SCRIPT, OMP_NUM_THREADS="1")
    blas = run(SCRIPT, OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="2")
    many = run(SCRIPT)
    assert one[0] == "1"
    assert int(many[0]) == len(os.sched_getaffinity(0))
    assert one[1] == blas[1] == many[1]


def test_a_fit_imports_neither_statsmodels_nor_a_compiler_nor_the_formula_language():
    code = """
import sys, pandas as pd
from cisflow.estimators.tobit.model import Tobit
table = pd.DataFrame({"y": [0, 0, 1.0, 2, 3, 1.5], "x": [0, 1, 2.0, 2, 1, 3]})
Tobit.from_formula("y ~ x", table).fit().cov_params()
print(*sorted({"statsmodels", "numba", "formulaic", "scipy.optimize"} & set(sys.modules)))
"""
    assert run(code) == []


def test_blas_is_alone_for_as_long_as_asked():
    def blas_threads():
        found = threadpoolctl.threadpool_info()
        return [pool["num_threads"] for pool in found if pool["user_api"] == "blas"]

    before = blas_threads()
    with tobit_threads.blas_alone():
        assert set(blas_threads()) == {1}
    assert blas_threads() == before


@pytest.mark.parametrize("n", [0, 1, 40, 5_000])
@pytest.mark.parametrize("p", [1, 3, 40])
def test_products_in_pieces_are_the_products(n, p):
    rng = np.random.default_rng(n + p)
    left, right = rng.normal(size=(p, n)), rng.normal(size=(p + 2, n))
    np.testing.assert_allclose(tobit_threads.cross(left, right), left @ right.T, atol=1e-10)
    for X in (np.asfortranarray(left.T), np.ascontiguousarray(left.T)):
        v = rng.normal(size=p)
        np.testing.assert_allclose(tobit_threads.along(X, v), X @ v, atol=1e-12)


@pytest.mark.parametrize("sort", [True, False])
def test_sums_by_level_of_sorted_and_unsorted_rows(sort):
    rng = np.random.default_rng(8)
    X, codes, w = rng.normal(size=(900, 3)), rng.integers(0, 6, 900), rng.random(900)
    codes = np.sort(codes) if sort else codes
    dummies = np.eye(6)[codes]
    np.testing.assert_allclose(Design.sum_by(codes, 6, X, w), dummies.T @ (X * w[:, None]))
    dense = np.hstack([X, dummies[:, 1:]])
    design = Design(X, codes, 5, X.mean(axis=0), X.std(axis=0))
    dense[:, :3] = (X - X.mean(axis=0)) / X.std(axis=0)
    gram, product = design.cross(w, w)
    np.testing.assert_allclose(gram, dense.T @ (dense * w[:, None]), atol=1e-11)
    np.testing.assert_allclose(product, dense.T @ w, atol=1e-11)
    rows = design.by_level(np.flatnonzero(w > 0.3))
    assert sorted(rows) == list(np.flatnonzero(w > 0.3))
    some = np.column_stack([dense, w])[rows]
    moments = design.moments(rows, w[rows], w[rows])
    np.testing.assert_allclose(moments, some.T @ (some * w[rows, None]), atol=1e-11)


def test_a_thinned_start_leads_to_the_same_optimum(monkeypatch):
    rng = np.random.default_rng(9)
    X = np.column_stack([np.ones(4000), rng.normal(size=(4000, 2))])
    y = np.clip(X @ [0.1, 0.5, -0.5] + rng.normal(size=4000), 0, 2)
    whole = Tobit(y, X, 0, 2).fit()
    monkeypatch.setattr("cisflow.estimators.tobit.scaling.MANY", 1000)
    thinned = Tobit(y, X, 0, 2).fit()
    assert thinned.iterations < whole.iterations
    np.testing.assert_allclose(thinned.params, whole.params, rtol=1e-10)
    np.testing.assert_allclose(thinned.cov_params(), whole.cov_params(), rtol=1e-8, atol=1e-14)


def test_plain_sums_are_what_the_formula_language_makes_of_them():
    from cisflow.estimators.formula import model_frame, plain_sum

    rng = np.random.default_rng(10)
    n = 200
    table = pd.DataFrame(
        {
            "y": rng.random(n),
            "x": rng.normal(size=n),
            "flag": rng.random(n) < 0.5,
            "whole": pd.array(rng.integers(0, 3, n), dtype="Int64"),
            "text": rng.choice(["low", "mid", "top"], n),
            "code": rng.integers(-3, 3, n),
            "half": rng.integers(0, 4, n) / 2,
        }
    )
    table.loc[[3, 77], "x"] = np.nan
    table.loc[5, "text"] = None
    table.loc[6, "whole"] = pd.NA
    right = "x + flag + whole + text + C(code) + C(half)"
    assert plain_sum(f"y ~ {right}") is not None
    assert plain_sum(f"y ~ 1 + {right}") is not None
    assert plain_sum(f"y ~ {right} + x:flag") is None
    assert plain_sum("y ~ x + C(x)") is None
    assert plain_sum("y ~ 0 + x") is None
    mine = model_frame(f"y ~ {right}", table)
    theirs = model_frame(f"y ~ ({right})", table)
    assert mine.names == theirs.names == mine.order
    assert mine.dropped == theirs.dropped
    assert mine.dropped["missing"] == 4
    np.testing.assert_array_equal(mine.X, theirs.X)
    np.testing.assert_array_equal(mine.rows, theirs.rows)
    new = table.dropna().head(5)
    np.testing.assert_array_equal(
        mine.spec.get_model_matrix(new.assign(text=new.text.astype("category"))).shape,
        (5, len(mine.names)),
    )


def test_bootstrap_decides_about_empty_industries_as_the_full_check_does(monkeypatch):
    rng = np.random.default_rng(12)
    n = 240
    g = rng.integers(0, 15, n)
    X = rng.normal(size=n)
    y = np.clip(0.5 * X + rng.normal(0, 0.4, 15)[g] + rng.normal(size=n), 0, 1.5)
    table = pd.DataFrame({"y": y, "x": X, "g": g})
    fit = Tobit.from_formula("y ~ x + C(g)", table, 0, 1.5).fit()
    fast = fit.bootstrap(80, seed=4)
    monkeypatch.setattr("cisflow.estimators.tobit.bootstrap.OUTER_PRODUCTS", 0)
    full = fit.bootstrap(80, seed=4)
    assert fast.counts == full.counts
    assert fast.counts["separated"] > 10
    np.testing.assert_allclose(fast.estimates, full.estimates, rtol=1e-8)
