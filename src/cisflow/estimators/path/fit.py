"""How well a recursive path model reproduces the covariances: χ², CFI, TLI, RMSEA, SRMR, AIC, BIC.

Defined as in lavaan (``fixed.x = TRUE``, normal likelihood with divisor n), so that numbers can be
compared with published ones.
"""

from __future__ import annotations

import math

import numpy as np
from scipy.optimize import brentq
from scipy.special import chndtr

from cisflow.estimators.distributions import ChiSquared
from cisflow.estimators.errors import EstimationError
from cisflow.estimators.path.fiml import IncompleteFit
from cisflow.estimators.path.moments import Estimates, Moments, implied_covariance
from cisflow.estimators.path.system import System

NEED_LIKELIHOOD = ("pvalue", "cfi", "tli", "rmsea", "rmsea_ci_low", "rmsea_ci_high", "aic", "bic")
"""Measures that mean nothing where the log-likelihood is a weighted sum."""


def fit_measures(system: System, moments: Moments, found: Estimates) -> dict[str, float]:
    """Compute the usual measures of fit.

    Parameters
    ----------
    system, moments
        The model and the moments it was estimated from.
    found
        Its estimates (one sample).

    Returns
    -------
    dict
        ``chisq df pvalue`` against the unrestricted covariances; ``baseline_chisq baseline_df``
        (outcomes unrelated to everything); ``cfi tli rmsea rmsea_ci_low rmsea_ci_high`` (90 %)
        ``srmr logl npar aic bic``. Not a number where the sample is too small for an
        unrestricted covariance matrix.

    Notes
    -----
    Fixed effects count as exogenous dummies in every equation. The log-likelihood is that of the
    outcomes given the exogenous variables.
    """
    n, q, m = moments.nobs, len(system.exogenous), len(system.endogenous)
    effects = moments.absorbed - 1
    total = moments.variance
    s = moments.within / np.sqrt(np.outer(total, total))
    sxx, sxy = s[:q, :q], s[:q, q:]
    unrestricted = s[q:, q:] - sxy.T @ np.linalg.pinv(sxx, hermitian=True) @ sxy
    sign, logdet = np.linalg.slogdet(unrestricted)
    logdet = logdet if sign > 0 and n > q + m + effects else math.nan
    psi = found.psi[0]
    rank = int(np.linalg.matrix_rank(sxx, hermitian=True)) if q else 0
    pairs = m * (m - 1) / 2
    df = pairs + m * rank - len(system.arrows)
    base_df = pairs + m * (rank + effects)
    chisq = max(n * (float(np.log(psi / total[q:]).sum()) - logdet), 0.0)
    base = -n * logdet
    logl = -n / 2 * float((np.log(2 * math.pi * psi) + 1).sum())
    npar = len(system.arrows) + m * (effects + 1)
    srmr = _srmr(system, moments, found, effects)
    return _measures((chisq, df), (base, base_df), n, srmr, logl, npar)


def incomplete_measures(fit: IncompleteFit) -> dict[str, float]:
    """Compute the measures of :func:`fit_measures` where outcomes have gaps.

    Against the unrestricted normal distribution of the same incomplete outcomes. As in lavaan,
    intercepts count as parameters and SRMR includes the means. Not a number where the observed
    outcomes do not determine the unrestricted distribution.
    """
    system, n = fit.system, fit.moments.nobs
    m, q = len(system.endogenous), len(system.exogenous)
    all_arrows = m * q + m * (m - 1) // 2
    df, npar = all_arrows - len(system.arrows), len(system.arrows) + 2 * m
    try:
        full = fit.unrestricted()
    except EstimationError:
        chisq = base = srmr = math.nan
    else:
        chisq = max(2 * (full.logl_standard - fit.logl_standard), 0.0)
        base = 2 * (full.logl_standard - fit.baseline_logl())
        srmr = fit.srmr(full)
    return _measures((chisq, df), (base, all_arrows), n, srmr, fit.logl, npar)


def _measures(
    model: tuple[float, float],
    baseline: tuple[float, float],
    n: int,
    srmr: float,
    logl: float,
    npar: float,
) -> dict[str, float]:
    """Everything that follows from χ² and degrees of freedom of the model and the baseline."""
    chisq, df = model
    return {
        "chisq": chisq if df > 0 or math.isnan(chisq) else 0.0,
        "df": df,
        "pvalue": _upper_tail(chisq, df),
        "baseline_chisq": baseline[0],
        "baseline_df": baseline[1],
        "cfi": _cfi(*model, *baseline),
        "tli": _tli(*model, *baseline),
        **_rmsea(chisq, df, n),
        "srmr": srmr,
        "logl": logl,
        "npar": npar,
        "aic": 2 * npar - 2 * logl,
        "bic": math.log(n) * npar - 2 * logl,
    }


def _upper_tail(chisq: float, df: float) -> float:
    return float(ChiSquared(df).sf(chisq)) if df > 0 else math.nan


def _cfi(chisq: float, df: float, base: float, base_df: float) -> float:
    misfit = max(chisq - df, 0.0)
    worst = max(chisq - df, base - base_df, 0.0)
    if math.isnan(chisq) or math.isnan(base):
        return math.nan
    return 1.0 - misfit / worst if worst > 0 else 1.0


def _tli(chisq: float, df: float, base: float, base_df: float) -> float:
    if df <= 0:
        return 1.0
    ratio = base / base_df
    return (ratio - chisq / df) / (ratio - 1.0)


def _rmsea(chisq: float, df: float, n: int) -> dict[str, float]:
    """Root mean square error of approximation with its 90 % interval."""
    if math.isnan(chisq) or df <= 0:
        value = 0.0 if df <= 0 else math.nan
        return {"rmsea": value, "rmsea_ci_low": value, "rmsea_ci_high": value}

    def root(noncentrality: float) -> float:
        return math.sqrt(max(noncentrality, 0.0) / (n * df))

    return {
        "rmsea": root(chisq - df),
        "rmsea_ci_low": root(_noncentrality(chisq, df, 0.95)),
        "rmsea_ci_high": root(_noncentrality(chisq, df, 0.05)),
    }


def _noncentrality(chisq: float, df: float, probability: float) -> float:
    """Noncentrality at which ``chisq`` is the given quantile; 0 if it already lies below."""
    if ChiSquared(df).cdf(chisq) < probability:
        return 0.0
    upper = 10.0 + chisq * 4
    while chndtr(chisq, df, upper) > probability:
        upper *= 2
    return float(brentq(lambda nc: chndtr(chisq, df, nc) - probability, 0.0, upper, xtol=1e-12))


def _srmr(system: System, moments: Moments, found: Estimates, effects: int) -> float:
    """Root mean square of the covariance residuals in units of sample standard deviations."""
    q = len(system.exogenous)
    sxx = moments.within[None, :q, :q]
    implied = implied_covariance(system, found.coef, found.psi, sxx)[0]
    sd = np.sqrt(moments.variance)
    residual = (moments.within - implied) / np.outer(sd, sd)
    size = len(sd) + effects
    lower = residual[np.tril_indices(len(sd))]
    return math.sqrt(float((lower**2).sum()) / (size * (size + 1) / 2))
