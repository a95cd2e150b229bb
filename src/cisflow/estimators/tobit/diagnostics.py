r"""Tests on a fitted Tobit, and how much it explains.

The conditional-moment tests (Pagan & Vella 1989, Journal of Applied Econometrics 4:S29–S59) replace
the error of a row at a limit by its moments given that it is beyond the limit: with
:math:`a \le \varepsilon \le b`,

.. math:: M_k = (k-1) M_{k-2} + \frac{a^{k-1}\phi(a) - b^{k-1}\phi(b)}{\Phi(b) - \Phi(a)},
          \quad M_0 = 1,\ M_{-1} = 0.

Normality: :math:`M_3` and :math:`M_4 - 3` have mean zero. Homoskedasticity: :math:`z(M_2 - 1)` has.
The statistic is n·R² of a regression of one on moments and scores; it rejects too often in small
samples, so critical values can be simulated (Drukker 2002, Stata Journal 2:125–139).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.linalg import lstsq

from cisflow.estimators.arrays import Floats
from cisflow.estimators.distributions import ChiSquared
from cisflow.estimators.errors import EstimationError, Problem, refuse, refuse_any
from cisflow.estimators.tobit.fit import Fit, fit_sample
from cisflow.estimators.tobit.likelihood import (
    HALF_LOG_2PI,
    Design,
    build_likelihood,
    log_interval_probability,
)

PSEUDO = "sampling weights make the likelihood a pseudo-likelihood"


@dataclass(frozen=True)
class TestResult:
    """A test statistic, its degrees of freedom and p-value.

    Attributes
    ----------
    name : str
    statistic : float
    df : int
    pvalue : float
        From the χ² distribution, or from simulated samples if ``draws`` is not zero.
    draws : int
        Simulated samples behind the p-value; fewer than asked for where a tenth of those lay above
        the statistic before, as p is then not small.
    """

    __test__ = False  # not a test case for pytest

    name: str
    statistic: float
    df: int
    pvalue: float
    draws: int = 0

    def __str__(self) -> str:
        source = f"{self.draws} simulated samples" if self.draws else "χ²"
        return f"{self.name}: {self.statistic:.3f} (df {self.df}), p = {self.pvalue:.3f} ({source})"


def _chi2(name: str, statistic: float, df: int) -> TestResult:
    return TestResult(name, float(statistic), df, float(ChiSquared(df).sf(statistic)))


def wald_test(
    fit: Fit, params: Floats, covariance: Floats, terms: Sequence[str] | Floats
) -> TestResult:
    r"""Test that coefficients are zero together, with the covariance of the fit.

    :math:`W = (R\hat\beta)'(R\hat V R')^{-1}(R\hat\beta) \to \chi^2(q)` (Wald 1943, Transactions
    of the AMS 54:426–482); with a robust or clustered covariance it is robust too.

    Parameters
    ----------
    fit : Fit
    params, covariance : (k,) and (k, k) arrays
        Of the reported coefficients.
    terms : names of terms, or (q, k) array R of the hypothesis Rβ = 0
    """
    heading = fit.sample.heading
    if len(terms) and isinstance(terms[0], str):
        reasons = fit.estimable.not_estimable
        refuse_any(
            heading,
            [
                Problem(f"{term} has no coefficient", reasons.get(str(term), "check its name"))
                for term in terms
                if term not in fit.terms
            ],
        )
        R = np.array([fit.index == term for term in terms], dtype=float)
    else:
        R = np.atleast_2d(np.asarray(terms, dtype=float))
    difference = R @ params
    V = R @ covariance @ R.T
    rank = int(np.linalg.matrix_rank(V, hermitian=True))
    if rank < R.shape[0]:
        what = f"{R.shape[0]} restrictions, but their covariance has rank {rank}"
        refuse(heading, what, "drop redundant restrictions or use more clusters")
    return _chi2("Wald", float(difference @ np.linalg.solve(V, difference)), R.shape[0])


def lr_test(fit: Fit, restricted: Fit) -> TestResult:
    r"""Likelihood-ratio test against a model with fewer regressors on the same rows.

    :math:`LR = 2(\hat\ell - \tilde\ell) \to \chi^2(q)` (Wilks 1938, Annals of Mathematical
    Statistics 9:60–62).
    """
    problems = []
    one, other = fit.sample, restricted.sample
    if one.nobs != other.nobs or one.name != other.name:
        what = "the two models have different outcomes or rows"
        problems.append(Problem(what, "fit both on the rows complete for both"))
    if one.weights is not None:
        problems.append(Problem(PSEUDO, "use wald_test"))
    df = fit.X.k - restricted.X.k
    if df <= 0 and not problems:
        problems.append(Problem("the second model is not smaller than the first", "exchange them"))
    refuse_any(one.heading, problems)
    return _chi2("Likelihood ratio", 2 * (fit.llf - restricted.llf), df)


def score_test(fit: Fit, extra: Any) -> TestResult:
    r"""Score (Lagrange multiplier) test of regressors left out; nothing is refitted.

    :math:`LM = g'\mathcal I^{-1}g \to \chi^2(q)`, gradient and observed information of the larger
    model at the smaller one's estimates (Rao 1948, Mathematical Proceedings of the Cambridge
    Philosophical Society 44:50–57).

    Parameters
    ----------
    fit : Fit
    extra : (n, q) array-like
        Regressors the model might have had.
    """
    sample, scaling = fit.sample, fit.scaling
    Z = np.asarray(extra, dtype=float)
    Z = Z[:, None] if Z.ndim == 1 else Z
    if Z.shape[0] != sample.size or not np.isfinite(Z).all():
        what = f"{Z.shape[0]} rows of further regressors for {sample.size}, or missing values"
        refuse(sample.heading, what, "give complete rows")
    if sample.weights is not None:
        what = "a score test with sampling weights is not offered"
        refuse(sample.heading, what, "add the regressors and use wald_test")
    Z = Z - Z.mean(axis=0) if scaling.intercept else Z
    Z = Z / np.maximum(np.abs(Z).max(axis=0), np.finfo(float).tiny)
    X = Design(np.hstack([fit.X.toarray(), Z]))
    rows, units = fit.estimable.rows, (scaling.y_mean, scaling.y_spread)
    likelihood = build_likelihood(X, sample.outcome, sample.total_weights, rows, *units)
    p = fit.optimum.parameters
    _, gradient, information = likelihood.evaluate(
        np.concatenate([p[:-1], np.zeros(Z.shape[1]), p[-1:]])
    )
    scale = np.sqrt(np.diag(information))
    if np.linalg.eigvalsh(information / np.outer(scale, scale))[0] < 1e-12:
        what = "the further regressors are collinear with those of the model"
        refuse(sample.heading, what, "leave the redundant ones out")
    return _chi2("Score", float(gradient @ np.linalg.solve(information, gradient)), Z.shape[1])


def error_moments(fit: Fit) -> Floats:
    """Moments 1…4 of each row's standardised error given what is known of it, (n, 4)."""
    outcome, eta = fit.sample.outcome, fit.linear_predictor()
    a, b = (outcome.low - eta) / fit.scale, (outcome.high - eta) / fit.scale
    observed = outcome.observed
    rest = ~observed
    moments = np.empty((eta.size, 4))
    moments[observed] = a[observed, None] ** np.arange(1, 5)
    log_p = log_interval_probability(a[rest], b[rest])
    earlier, current = np.zeros(int(rest.sum())), np.ones(int(rest.sum()))
    for k in range(1, 5):
        edge = _edge(a[rest], k - 1, log_p) - _edge(b[rest], k - 1, log_p)
        earlier, current = current, (k - 1) * earlier + edge
        moments[rest, k - 1] = current
    return moments


def _edge(z: Floats, power: int, log_p: Floats) -> Floats:
    finite = np.isfinite(z)
    z = np.where(finite, z, 0.0)
    return np.where(finite, z**power * np.exp(-0.5 * z * z - HALF_LOG_2PI - log_p), 0.0)


def normality_test(fit: Fit, draws: int = 0, seed: int | None = None) -> TestResult:
    """Test that the latent error is normal (third and fourth moments).

    Parameters
    ----------
    fit : Fit
    draws : int
        Simulate up to this many samples from the fitted model for the p-value; 0 uses χ²(2), which
        rejects too often in small samples.
    seed : int, optional
    """
    return _moment_tests(fit, {"Normality": _skew_and_tails}, draws, seed)["Normality"]


def homoskedasticity_test(
    fit: Fit, extra: Any = None, draws: int = 0, seed: int | None = None
) -> TestResult:
    """Test that σ does not vary with regressors.

    Parameters
    ----------
    fit : Fit
    extra : (n, q) array-like, optional
        What σ might vary with; by default the model's regressors except the intercept.
    draws, seed
        As in :func:`normality_test`.
    """
    moments = {"Homoskedasticity": _spread_along(fit, extra)}
    return _moment_tests(fit, moments, draws, seed)["Homoskedasticity"]


def specification_tests(fit: Fit, draws: int = 0, seed: int | None = None) -> dict[str, TestResult]:
    """Both tests, ``"normality"`` and ``"homoskedasticity"``, on the same simulated samples."""
    moments = {"normality": _skew_and_tails, "homoskedasticity": _spread_along(fit, None)}
    return _moment_tests(fit, moments, draws, seed)


Moments = Callable[[Floats], Floats]
"""From the four moments of each row's error, (n, 4), to those a test says are zero, (n, q)."""


def _skew_and_tails(M: Floats) -> Floats:
    return np.column_stack([M[:, 2], M[:, 3] - 3])


def _spread_along(fit: Fit, extra: Any) -> Moments:
    """Moments that are zero if the squared error is unrelated to ``extra`` or the regressors."""
    if extra is None:
        Z = np.column_stack([fit.design.column(int(j)) for j in fit.shown])
        Z = Z[:, np.ptp(Z, axis=0) > 0]
    else:
        Z = np.asarray(extra, dtype=float)
        Z = Z[:, None] if Z.ndim == 1 else Z
    Z = (Z - Z.mean(axis=0)) / Z.std(axis=0)
    return lambda M: Z * (M[:, [1]] - 1)


def _moment_tests(
    fit: Fit, tests: Mapping[str, Moments], draws: int, seed: int | None
) -> dict[str, TestResult]:
    """Statistic of each test, with its p-value from χ² or from samples of the fitted model."""
    errors = error_moments(fit)
    found = {name: _outer_product_statistic(fit, of(errors)) for name, of in tests.items()}
    if draws == 0:
        return {name: _chi2(name.capitalize(), *value) for name, value in found.items()}
    rng = np.random.default_rng(seed)
    exceed, drawn_of = dict.fromkeys(tests, 0), dict.fromkeys(tests, 0)
    for _ in range(10 * draws):
        open_ = [name for name in tests if _undecided(exceed[name], drawn_of[name], draws)]
        if not open_:
            break
        try:
            drawn = fit_sample(fit.sample.with_outcome(fit.simulated(rng)))
        except EstimationError:
            continue  # a sample without a row inside is no sample of this test
        if drawn.shown.size == fit.shown.size:
            errors = error_moments(drawn)
            for name in open_:
                drawn_of[name] += 1
                value, _ = _outer_product_statistic(drawn, tests[name](errors))
                exceed[name] += value >= found[name][0]
    if any(_undecided(exceed[name], drawn_of[name], draws) for name in tests):
        what = "most simulated samples do not determine every coefficient"
        refuse(fit.sample.heading, what, "merge small categories, or use draws=0")
    p_values = {name: _p_value(exceed[name], drawn_of[name], draws) for name in tests}
    return {
        name: TestResult(name.capitalize(), *found[name], p_values[name], drawn_of[name])
        for name in tests
    }


def _undecided(exceed: int, drawn: int, draws: int) -> bool:
    return exceed < _enough(draws) and drawn < draws


def _enough(draws: int) -> int:
    """So many simulated statistics above the one found say that its p-value is not below 0.1."""
    return 1 + draws // 10


def _p_value(exceed: int, drawn: int, draws: int) -> float:
    """Return the p-value of a test that stops early (Besag & Clifford 1991, Biometrika 78:301)."""
    return exceed / drawn if exceed == _enough(draws) else (1 + exceed) / (1 + drawn)


def _outer_product_statistic(fit: Fit, moments: Floats) -> tuple[float, int]:
    used = fit.estimable.rows
    scores = fit.scores[used]
    m = (moments * fit.sample.total_weights[:, None])[used]
    W = np.hstack([_of_unit_length(m), _of_unit_length(scores)])
    # By pivoted QR, at a third of the time of singular values.
    fitted, *_ = lstsq(W, np.ones(used.size), lapack_driver="gelsy", check_finite=False)
    return float((W @ fitted).sum()), m.shape[1]


def _of_unit_length(columns: Floats) -> Floats:
    """Scale columns to length one; the zero score of a dummy that fits its only row stays zero."""
    length = np.sqrt((columns**2).sum(axis=0))
    return columns / np.where(length > 0, length, 1.0)


def pseudo_r2(fit: Fit, kind: str = "mckelvey-zavoina") -> float:
    r"""Say how much of the latent outcome, or of the likelihood, the regressors explain.

    Parameters
    ----------
    fit : Fit
    kind : "mckelvey-zavoina" or "mcfadden"
        :math:`\mathrm{var}(x\beta) / (\mathrm{var}(x\beta) + \sigma^2)` (McKelvey & Zavoina 1975,
        Journal of Mathematical Sociology 4:103–120), or :math:`1 - \ell/\ell_0` (McFadden 1974, in
        Zarembka, Frontiers in Econometrics, 105–142), which for densities above one may leave 0…1
        and depends on the outcome's unit.
    """
    if kind == "mcfadden":
        return 1 - fit.llf / fit.llnull
    if kind != "mckelvey-zavoina":
        what = f"pseudo-R² '{kind}' is not offered"
        refuse(fit.sample.heading, what, "use mckelvey-zavoina or mcfadden")
    rows = fit.estimable.rows
    eta, w = fit.linear_predictor()[rows], fit.sample.total_weights[rows]
    mean = float(w @ eta / w.sum())
    variance = float(w @ (eta - mean) ** 2 / w.sum())
    return variance / (variance + fit.scale**2)
