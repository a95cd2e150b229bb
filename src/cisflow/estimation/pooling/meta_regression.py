"""Meta-regression: whether effects vary with what is known of the country or the wave."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy.optimize import brentq

CONSTANT = "Intercept"
LEVEL = 0.05

Row = dict[str, Any]
Attributes = Mapping[str, Mapping[str, Any]]


def moderators_of(
    places: Sequence[tuple[str, str]], attributes: Attributes, names: Sequence[str]
) -> pd.DataFrame:
    """Return the moderators of each estimate, shape (k, number of names).

    Parameters
    ----------
    places
        Country and wave of each estimate.
    attributes
        By country: a number, or numbers by wave.
    names
        Which attributes.
    """

    def value(country: str, wave: str, name: str) -> float:
        given = attributes[country][name]
        return float(given[wave] if isinstance(given, Mapping) else given)

    return pd.DataFrame([{n: value(c, w, n) for n in names} for c, w in places])


def meta_regression(
    effects: Sequence[float], std_errors: Sequence[float], moderators: pd.DataFrame
) -> list[Row]:
    """Regress effects on moderators, weighted by the inverse of their total variance.

    Parameters
    ----------
    effects, std_errors
        Shape (k,).
    moderators
        Shape (k, p), without a constant, which is added.

    Returns
    -------
    list of dict
        A row per coefficient: ``moderator``, ``estimate``, ``std_error``, ``statistic``,
        ``p_value``, ``ci_low``, ``ci_high``, ``k``, ``tau2`` (what the moderators leave), ``r2``
        (share of τ² they explain; null where there is none) and ``f_p`` (all moderators together).
        One row with a ``note`` where it cannot be estimated.

    Notes
    -----
    The residual variance between effects is Paule and Mandel's: the one at which the weighted sum
    of squared residuals is k − p − 1. Standard errors are Knapp and Hartung's (2003): those of
    weighted least squares with an estimated scale, here not below 1; t with k − p − 1 degrees of
    freedom.
    """
    from statsmodels.api import WLS, add_constant

    y, variance = np.asarray(effects, dtype=float), np.asarray(std_errors, dtype=float) ** 2
    x = add_constant(moderators, has_constant="add").rename(columns={"const": CONSTANT})
    k, p = x.shape
    short = f"{k} estimates for {p} coefficients"
    if k <= p:
        return [{"moderator": "", "k": k, "note": short}]
    if np.linalg.matrix_rank(x.to_numpy()) < p:
        note = "the moderators do not vary, or not independently of one another"
        return [{"moderator": "", "k": k, "note": note}]
    tau2 = residual_variance(y, variance, x.to_numpy())
    total = residual_variance(y, variance, np.ones((k, 1)))
    model = WLS(y, x, weights=1 / (variance + tau2))
    scale = {"scale": max(1.0, float(model.fit().scale))}
    fit = model.fit(cov_type="fixed scale", cov_kwds=scale, use_t=True)
    together = {"k": k, "tau2": tau2, "r2": max(0.0, 1 - tau2 / total) if total > 0 else None}
    together["f_p"] = float(fit.f_test(np.eye(p)[1:]).pvalue)
    bounds = fit.conf_int(LEVEL).to_numpy()
    return [
        {
            "moderator": str(name),
            "estimate": float(fit.params.iloc[i]),
            "std_error": float(fit.bse.iloc[i]),
            "statistic": float(fit.tvalues.iloc[i]),
            "p_value": float(fit.pvalues.iloc[i]),
            "ci_low": float(bounds[i, 0]),
            "ci_high": float(bounds[i, 1]),
            **together,
            "note": "",
        }
        for i, name in enumerate(x.columns)
    ]


def residual_variance(y: np.ndarray, variance: np.ndarray, x: np.ndarray) -> float:
    """Return Paule and Mandel's variance between effects, given regressors.

    Parameters
    ----------
    y, variance
        Effects and their sampling variances, shape (k,).
    x
        Regressors with the constant, shape (k, p), p < k.
    """

    def excess(tau2: float) -> float:
        root = 1 / np.sqrt(variance + tau2)
        beta = np.linalg.lstsq(x * root[:, None], y * root, rcond=None)[0]
        return float(((root * (y - x @ beta)) ** 2).sum() - (len(y) - x.shape[1]))

    if excess(0.0) <= 0:
        return 0.0
    # At this variance even the raw spread of the effects is less than its degrees of freedom.
    most = float(((y - y.mean()) ** 2).sum()) + 1e-12
    return float(brentq(excess, 0.0, most, xtol=1e-14 * most, rtol=1e-12))
