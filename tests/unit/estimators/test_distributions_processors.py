"""The same draws on every processor: BLAS and numpy choose code by what a processor can do."""

import hashlib
import os
import subprocess
import sys

import numpy as np
import pandas as pd
from numpy._core._multiarray_umath import __cpu_dispatch__

from cisflow.estimators.distributions import normal_draws
from cisflow.estimators.imputation import completed
from cisflow.estimators.inequalities.profile import sup_t

OLD = {"OPENBLAS_CORETYPE": "Nehalem", "NPY_DISABLE_CPU_FEATURES": " ".join(__cpu_dispatch__)}


def drawn():
    """Return a digest of draws from what is full of ties: yes/no answers, and a singular matrix."""
    rng = np.random.default_rng(3)
    answers = pd.DataFrame((rng.random((150, 6)) < 0.4).astype(float), columns=list("abcdef"))
    answers["g"] = np.round(answers.sum(axis=1) + rng.normal(size=150))
    gaps = answers.mask(rng.random(answers.shape) < 0.2)
    gaps["a"] = answers["a"]
    found = [sample.to_numpy() for sample in completed(gaps, 3, seed=1)]
    blocks = np.kron(np.eye(4), np.ones((5, 5)))
    found += [np.round(normal_draws(blocks, 50, 1), 6), np.round([sup_t(blocks)], 9)]
    return hashlib.sha256(b"".join((part + 0.0).tobytes() for part in found)).hexdigest()


def test_draws_do_not_hang_on_the_processor():
    for environment in ({}, OLD):
        told = subprocess.run(
            [sys.executable, "-W", "ignore", __file__],
            env={**os.environ, **environment},
            capture_output=True,
            text=True,
            check=True,
        )
        assert told.stdout.strip() == drawn()


if __name__ == "__main__":
    print(drawn())
