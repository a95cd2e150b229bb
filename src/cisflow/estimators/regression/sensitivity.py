r"""How strong an unobserved variable must be to overturn a least-squares coefficient.

Cinelli & Hazlett (2020, Journal of the Royal Statistical Society B 82:39–67). Let D be the
regressor of interest, Z the omitted variable and X the other regressors. With t and df the
classical t statistic and residual degrees of freedom of D, and f = \|t\|/√df (Cohen's f):

=========================== ======================================================================
partial R² of D with y      f² / (1 + f²)
robustness value RV_q       ½ (√(f_q⁴ + 4 f_q²) − f_q²) with f_q = q f
RV_{q,α}                    the same with f_q − f* in place of f_q, f* = t_{1−α/2, df−1} / √(df−1);
                            zero where f_q < f*, (f_q² − f*²)/(1 + f_q²) where f_q > 1/f*
bias                        se √df √(R²_y R²_d / (1 − R²_d))
standard error with Z       se √((1 − R²_y)/(1 − R²_d)) √(df/(df − 1))
=========================== ======================================================================

R²_y is the partial R² of Z with y given D and X, R²_d that of Z with D given X. A Z that explains
RV_q of what is left of both y and D brings the estimate down to 1 − q of its size; one that
explains less of both cannot. All of this is about classical standard errors: robust ones have no
counterpart.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cisflow.estimators.arrays import Floats
from cisflow.estimators.distributions import student


def partial_r2(t: float, df: float) -> float:
    """Return the partial R² of a regressor with the outcome: t² / (t² + df)."""
    return t**2 / (t**2 + df)


def robustness_value(t: float, df: float, *, q: float = 1.0, alpha: float | None = None) -> float:
    """Return the robustness value of a coefficient.

    Parameters
    ----------
    t, df
        Classical t statistic and residual degrees of freedom.
    q
        Share of the estimate that is to be explained away; 1 brings it to zero.
    alpha
        Significance level: the estimate need only lose its significance. None asks for the
        estimate itself.

    Returns
    -------
    float
        Share, 0 to 1, of the residual variation of outcome and of regressor.

    Notes
    -----
    Formulas (18) and (19) and appendix of the article; see the module. At α the confounder costs a
    degree of freedom, hence df − 1.
    """
    f = q * abs(t) / np.sqrt(df)
    critical = 0.0
    if alpha is not None:
        critical = float(student(df - 1).ppf(1 - alpha / 2)) / np.sqrt(df - 1)
    if f <= critical:
        return 0.0
    if critical > 0 and f > 1 / critical:
        return float((f**2 - critical**2) / (1 + f**2))
    left = f - critical
    return float((np.sqrt(left**4 + 4 * left**2) - left**2) / 2)


def adjusted(
    estimate: float, std_error: float, df: float, *, r2_outcome: float, r2_regressor: float
) -> tuple[float, float]:
    """Return estimate and standard error as they would be with the omitted variable.

    Parameters
    ----------
    estimate, std_error, df
        Of the regression without it; classical standard error.
    r2_outcome
        Partial R² of the omitted variable with the outcome, given all regressors.
    r2_regressor
        Partial R² of the omitted variable with the regressor, given the other regressors; below 1.

    Notes
    -----
    The bias is taken to have the sign of the estimate: the case that hurts.
    """
    bias = std_error * np.sqrt(df) * np.sqrt(r2_outcome * r2_regressor / (1 - r2_regressor))
    error = std_error * np.sqrt((1 - r2_outcome) / (1 - r2_regressor) * df / (df - 1))
    return float(np.sign(estimate) * (abs(estimate) - bias)), float(error)


def bounds(
    r2_outcome_benchmark: float, r2_regressor_benchmark: float, times: float = 1.0
) -> tuple[float, float]:
    """Return how strong a variable can be that is ``times`` as strong as an observed one.

    Parameters
    ----------
    r2_outcome_benchmark
        Partial R² of the observed covariate with the outcome, given all other regressors.
    r2_regressor_benchmark
        Partial R² of the observed covariate with the regressor of interest, given the others.
    times
        How many times as strong, with outcome and regressor alike (k_Y = k_D in the article).

    Returns
    -------
    r2_outcome, r2_regressor
        Bounds for :func:`adjusted`, the first at most 1. Both are not a number where the observed
        covariate explains so much of the regressor that nothing can be ``times`` as strong.

    Notes
    -----
    Formulas (21) and (22): R²_d = k f²_d, R²_y ≤ η² f²_y, with f² = R²/(1 − R²) of the observed
    covariate, η = (√k + r)/√(1 − r²) and r² = k R⁴_d / ((1 − k R²_d)(1 − R²_d)).
    """
    with_y, with_d = r2_outcome_benchmark, r2_regressor_benchmark
    r2_regressor = times * with_d / (1 - with_d) if with_d < 1 else np.inf
    if r2_regressor >= 1 or times * with_d >= 1 or with_y >= 1:
        return np.nan, np.nan
    r2 = times * with_d**2 / ((1 - times * with_d) * (1 - with_d))
    if r2 >= 1:
        return np.nan, np.nan
    eta = (np.sqrt(times) + np.sqrt(r2)) / np.sqrt(1 - r2)
    return float(min(1.0, eta**2 * with_y / (1 - with_y))), float(r2_regressor)


@dataclass(frozen=True)
class Sensitivity:
    """How sensitive one coefficient is to an omitted variable.

    Attributes
    ----------
    estimate, std_error, t, df
        Least squares, classical standard error.
    partial_r2
        With the outcome. An omitted variable that explains all of what is left of the outcome must
        explain at least this share of the regressor to bring the estimate to zero.
    rv, rv_alpha
        Robustness values for the estimate and for its significance at ``alpha``.
    benchmark_outcome, benchmark_regressor
        Partial R² an omitted variable as strong as the benchmark could have; not a number without a
        benchmark.
    adjusted, adjusted_error
        Estimate and standard error with such a variable.
    """

    estimate: float
    std_error: float
    t: float
    df: float
    partial_r2: float
    rv: float
    rv_alpha: float
    alpha: float
    benchmark_outcome: float = np.nan
    benchmark_regressor: float = np.nan
    adjusted: float = np.nan
    adjusted_error: float = np.nan


def sensitivity(
    y: Floats,
    X: Floats,
    regressor: int,
    *,
    benchmark: Sequence[int] = (),
    times: float = 1.0,
    alpha: float = 0.05,
    weights: Floats | None = None,
) -> Sensitivity:
    """Return how sensitive a coefficient of a linear regression is to an omitted variable.

    Parameters
    ----------
    y : (n,) array
    X : (n, k) array
        Of full column rank, with a constant if the model has one.
    regressor
        Column of interest.
    benchmark
        Columns of the observed covariate (several for a set of dummies), none for no benchmark.
    times
        The omitted variable is this many times as strong as the benchmark.
    alpha
        Significance level of ``rv_alpha``.
    weights : (n,) array, optional
        Of weighted least squares.
    """
    if weights is not None:
        root = np.sqrt(weights)
        y, X = y * root, X * root[:, None]
    others = np.delete(np.arange(X.shape[1]), regressor)
    d = _residual(X[:, regressor], X[:, others])
    left = _residual(y, X[:, others])
    df = len(y) - X.shape[1]
    estimate = float(d @ left / (d @ d))
    u = left - estimate * d
    error = float(np.sqrt(u @ u / df / (d @ d)))
    t = estimate / error
    common = {
        "estimate": estimate,
        "std_error": error,
        "t": t,
        "df": float(df),
        "partial_r2": partial_r2(t, df),
        "rv": robustness_value(t, df),
        "rv_alpha": robustness_value(t, df, alpha=alpha),
        "alpha": alpha,
    }
    if not len(benchmark):
        return Sensitivity(**common)
    rest = np.setdiff1d(others, benchmark)
    with_d = 1 - float(d @ d) / _length2(_residual(X[:, regressor], X[:, rest]))
    with_y = 1 - float(u @ u) / _length2(_residual(y, X[:, [*rest, regressor]]))
    r2_outcome, r2_regressor = bounds(with_y, with_d, times)
    shifted, shifted_error = adjusted(
        estimate, error, df, r2_outcome=r2_outcome, r2_regressor=r2_regressor
    )
    return Sensitivity(
        **common,
        benchmark_outcome=r2_outcome,
        benchmark_regressor=r2_regressor,
        adjusted=shifted,
        adjusted_error=shifted_error,
    )


def _residual(v: Floats, given: Floats) -> Floats:
    """Return what is left of a column after least squares on others."""
    fitted: Floats = given @ np.linalg.lstsq(given, v, rcond=None)[0]
    return v - fitted


def _length2(v: Floats) -> float:
    return float(v @ v)
