"""Work in pieces, on as many threads as the process may use, with the same bytes on any number.

Pieces depend on the size of the problem alone and are added up in their order. Products go to BLAS
in pieces too small for it to start threads of its own: those would compete with ours, and would
round differently on another machine.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from cisflow.estimators.arrays import Floats

PIECE = 8_192  # rows: a piece stays in the cache, and OpenBLAS threads sums from 10,000 on
THREADED = 40_000  # rows: fewer are done before threads have started
PRODUCT = 250_000  # multiplications: OpenBLAS threads above 262,144
SWEEP = 9_000  # numbers of a matrix times a vector: OpenBLAS threads above 9,216


def threads() -> int:
    """Processors this process may use; ``OMP_NUM_THREADS`` lowers it, as for other libraries."""
    available = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    wanted = os.environ.get("OMP_NUM_THREADS", "")
    return max(1, min(available or 1, int(wanted))) if wanted.isdigit() else available or 1


def pieces(n: int, size: int = PIECE) -> list[slice]:
    """Cut ``n`` rows into slices; no rows are one empty slice."""
    return [slice(first, min(first + size, n)) for first in range(0, max(n, 1), size)]


def in_order(work: Callable[[Any], Any], parts: Sequence[Any], rows: int) -> list[Any]:
    """Results of ``work`` for each part, in their order; threaded if ``rows`` are many."""
    workers = min(threads(), len(parts)) if rows >= THREADED else 1
    if workers < 2:
        return [work(part) for part in parts]
    with ThreadPoolExecutor(workers) as pool:
        return list(pool.map(work, parts))


def blas_alone() -> AbstractContextManager[Any]:
    """Keep BLAS from starting threads where ours do the work; bytes must not depend on them."""
    limits: AbstractContextManager[Any] = threadpool_limits(1, user_api="blas")
    return limits


def cross(left: Floats, right: Floats) -> Floats:
    """``left right'`` of (p, n) and (q, n), in products too small for BLAS to thread."""
    (p, n), q = left.shape, right.shape[0]
    size = max(PRODUCT // max(p * q, 1), 16)
    if n <= size:
        return np.asarray(left @ right.T)
    whole = n // size * size
    batches = np.matmul(
        left[:, :whole].reshape(p, -1, size).transpose(1, 0, 2),
        right[:, :whole].reshape(q, -1, size).transpose(1, 2, 0),
    )
    total: Floats = batches.sum(axis=0)
    return total + left[:, whole:] @ right[:, whole:].T if whole < n else total


def along(X: Floats, v: Floats) -> Floats:
    """``X @ v`` of (n, p) and (p,), in products too small for BLAS to thread."""
    n, p = X.shape
    size = max(SWEEP // max(p, 1), 1)
    if n <= size:
        return np.asarray(X @ v)
    product = np.empty(n)
    whole = n // size * size
    batches = X.T[:, :whole].reshape(p, -1, size).transpose(1, 2, 0)
    np.matmul(batches, v, out=product[:whole].reshape(-1, size))
    np.matmul(X[whole:], v, out=product[whole:])
    return product
