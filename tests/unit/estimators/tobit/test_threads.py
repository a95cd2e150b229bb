"""Pieces, threads and memory layout change speed, and nothing else."""

import os
import subprocess
import sys

import numpy as np
import pytest
import threadpoolctl

from cisflow.estimators.tobit import threads as tobit_threads

SCRIPT = """
import hashlib, numpy as np, pandas as pd
from cisflow.estimators.tobit.model import Tobit
from cisflow.estimators.tobit import threads as tobit_threads
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
print(*sorted({"statsmodels", "numba", "formulaic"} & set(sys.modules)))
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
