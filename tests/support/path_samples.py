"""Firms that follow a recursive system, with and without gaps."""

import numpy as np
import pandas as pd

DIRECT = {"i": ["d"], "p": ["i", "d"], "c": ["d"], "m": ["d", "p", "c"]}


PERSONNEL = {"i": ["d"], "p": ["i", "d"], "c": ["d", "p", "i"], "m": ["c"]}


CHAIN = {"i": ["d"], "p": ["i"], "m": ["p"]}


def draw(n, seed):
    """Return n firms; the disturbance of m spreads with d."""
    rng = np.random.default_rng(seed)
    d = rng.normal(size=n)
    i = 0.4 * d + rng.normal(size=n)
    p = 0.5 * i - 0.3 * d + rng.normal(size=n)
    c = -0.2 * d + rng.normal(size=n)
    m = -0.4 * d + 0.3 * p - 0.6 * c + rng.normal(size=n) * np.exp(0.3 * d)
    return pd.DataFrame({"d": d, "i": i, "p": p, "c": c, "m": m})
