"""What a fitted path model can be asked: arrows, effects, intervals, fit."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from cisflow.estimators.covariance import choose_correction
from cisflow.estimators.distributions import normal_draws, student
from cisflow.estimators.errors import EstimationWarning, refuse
from cisflow.estimators.path.firms import Firms
from cisflow.estimators.path.fit import NEED_LIKELIHOOD, fit_measures, incomplete_measures
from cisflow.estimators.path.intervals import bca_interval, percentile_p, signs
from cisflow.estimators.path.moments import Estimates, bootstrap, implied_sd, jackknife
from cisflow.estimators.path.score import modification_indices
from cisflow.estimators.path.system import ARROW, HEADING, effect_rows, sum_of_products

BOOTSTRAP = {"draws": 5000, "seed": 20141120}
MONTE_CARLO = {"draws": 20000, "seed": 20141120}
Quantity = Callable[[np.ndarray, np.ndarray], np.ndarray]


@dataclass(frozen=True)
class PathResults:
    """Estimates of a path model.

    Attributes
    ----------
    model : PathModel
    firms : Firms
        What it is estimated from.
    found : Estimates
        Coefficients, residual variances and implied standard deviations.
    cov : ndarray
        Covariance of the parameters as ``path_covariance`` orders them.
    cov_type : str
    groups : ndarray or None
        Cluster codes.
    draws : Estimates or None
        Successful bootstrap resamples.
    bootstrap_failed : int
        Resamples that left a coefficient undetermined; they are in no interval.
    correction : str
        What was done about few clusters; see :mod:`cisflow.estimators.covariance`.
    """

    model: Any
    firms: Firms
    found: Estimates
    cov: np.ndarray
    cov_type: str
    groups: np.ndarray | None
    draws: Estimates | None
    bootstrap_failed: int
    correction: str = ""

    # ------------------------------------------------------------------ another covariance
    def with_cov(
        self,
        cov_type: str | None = None,
        cov_kwds: Mapping[str, Any] | None = None,
        bootstrap: Mapping[str, int] | bool | None = None,
    ) -> PathResults:
        """Return the same estimates with another covariance; arguments as in ``fit``."""
        cov_type = cov_type or ("robust" if self.firms.weighted else "nonrobust")
        resample = bool(bootstrap) or cov_type == "bootstrap"
        self.firms.check_request(cov_type, cov_kwds, resample)
        groups = self.firms.groups(cov_kwds)
        draws, failed = None, 0
        if resample:
            draws, failed = self._resample(bootstrap, groups)
        if cov_type == "bootstrap" and draws is not None:
            # Variances due to fixed effects are in the draws' own standard deviations already.
            held = np.zeros_like(draws.psi)
            cov = np.cov(np.column_stack([draws.coef, draws.psi, held]), rowvar=False)
        else:
            cov = self.firms.covariance(self.found, cov_type, groups)
        fit = replace(
            self,
            cov=cov,
            cov_type=cov_type,
            groups=groups,
            draws=draws,
            bootstrap_failed=failed,
            correction="",
        )
        return fit if cov_type != "cluster" else fit._corrected(cov_kwds or {})

    def _corrected(self, options: Mapping[str, Any]) -> PathResults:
        """Return the clustered covariance with the correction asked for, or fit for its number.

        The jackknife leaves out one cluster at a time, refits exactly and takes squares around the
        estimate, times (G−1)/G. Where a coefficient, if only of a dummy spelled out, is not
        determined without one of the clusters, CR1 stays, and a warning says so.
        """
        assert self.groups is not None  # noqa: S101 - check_request has refused it
        number = int(self.groups.max()) + 1
        correction = choose_correction(HEADING, options, number)
        if correction == "CR1":
            return replace(self, correction=correction)
        if correction == "CR0":
            return replace(self, correction=correction, cov=self.cov * (number - 1) / number)
        left_out = jackknife(self.firms.reweight, self.nobs, self.groups)
        whole = np.concatenate([self.found.coef[0], self.found.psi[0]])
        if not left_out.ok.all():
            lost = int((~left_out.ok).sum())
            what = f"a coefficient is not determined without {lost} of {number} clusters"
            if options.get("correction") == "CR3":
                refuse(HEADING, what, "use CR1, or absorb fixed effects instead of dummies")
            warnings.warn(f"{HEADING}: {what}; CR1 is taken", EstimationWarning, stacklevel=3)
            return replace(self, correction="CR1")
        moved = np.column_stack([left_out.coef, left_out.psi]) - whole
        # Variances due to fixed effects keep the uncorrected part: nothing is tested about them.
        cov, size = self.cov.copy(), whole.size
        cov[size:, :size] = cov[:size, size:] = 0.0
        cov[:size, :size] = (number - 1) / number * moved.T @ moved
        return replace(self, correction=correction, cov=cov)

    @property
    def df(self) -> int | None:
        """Degrees of freedom of t statistics: clusters less one with the jackknife."""
        if self.correction != "CR3" or self.groups is None:
            return None
        return int(self.groups.max())

    def _resample(
        self, options: Mapping[str, int] | bool | None, groups: np.ndarray | None
    ) -> tuple[Estimates, int]:
        """Draw the bootstrap; refuse it when most resamples cannot be estimated."""
        settings = _settings(BOOTSTRAP, options, "bootstrap")
        every = bootstrap(
            self.firms.reweight, self.nobs, settings["draws"], settings["seed"], groups
        )
        failed = int((~every.ok).sum())
        if failed > settings["draws"] / 2:
            what = (
                f"{failed} of {settings['draws']} bootstrap resamples leave a coefficient "
                "undetermined"
            )
            remedy = (
                "a dummy with very few firms, or very few clusters? merge categories, "
                "or use robust standard errors"
            )
            refuse(HEADING, what, remedy)
        return every.successful(), failed

    @cached_property
    def left_out_estimates(self) -> Estimates:
        """Estimates without one firm (or cluster) each, for the acceleration of BCa intervals."""
        return jackknife(self.firms.reweight, self.nobs, self.groups).successful()

    # ------------------------------------------------------------------ what was estimated
    @property
    def nobs(self) -> int:
        """Firms used in every equation."""
        return self.firms.nobs

    @property
    def dropped(self) -> dict[str, int]:
        """Firms left out: ``missing``, and per variable ``missing in …``; empty if none was."""
        return self.firms.dropped

    @cached_property
    def r2(self) -> pd.Series:
        """Share of each outcome's model-implied variance that its equation explains.

        Fixed effects count among the explanations.
        """
        system = self.firms.system
        implied = self.found.sd[0, len(system.exogenous) :] ** 2
        names = list(system.endogenous)
        return pd.Series(1 - self.found.psi[0] / implied, index=names, name="r2")

    def cov_params(self) -> pd.DataFrame:
        """Covariance of slopes (``outcome ~ source``) and residual variances (``y ~~ y``)."""
        system = self.firms.system
        names = [f"{to} ~ {source}" for to, source in system.arrows]
        names += [f"{to} ~~ {to}" for to in system.endogenous]
        shown = self.cov[: len(names), : len(names)]
        return pd.DataFrame(shown, index=names, columns=names)

    def fit_measures(self) -> dict[str, float]:
        """χ², CFI, TLI, RMSEA with its 90 % interval, SRMR, AIC, BIC … (see ``path_fit``).

        With sampling weights the likelihood is none, and what takes it for one is not a number:
        p-values, CFI, TLI, RMSEA, AIC and BIC.
        """
        return dict(self._measures)

    @cached_property
    def _measures(self) -> dict[str, float]:
        firms = self.firms
        if firms.incomplete is None:
            found = fit_measures(firms.system, firms.moments, self.found)
        else:
            found = incomplete_measures(firms.incomplete)
        if firms.weighted:
            found |= dict.fromkeys(NEED_LIKELIHOOD, math.nan)
        return found

    def modification_indices(self) -> pd.DataFrame:
        """Score tests of the arrows that are not drawn (see ``path_score``).

        With a robust or clustered covariance, or weights, the indices are robust likewise. Arrows
        that would close a circle are listed without an index.

        Raises
        ------
        EstimationError
            With ``missing="fiml"``.
        """
        firms = self.firms
        if firms.incomplete is not None:
            what = 'no modification indices with missing="fiml"'
            remedy = "draw the arrow and look at its z-statistic, or compare the two models"
            refuse(HEADING, what, remedy)
        plain = self.cov_type == "nonrobust"
        sample, groups = (None, None) if plain else (firms.sample, self.groups)
        return modification_indices(firms.system, firms.moments, self.found, sample, groups)

    @cached_property
    def edges(self) -> pd.DataFrame:
        """The arrows of the equations, raw and standardised, with 95 % intervals."""
        return self._arrows(controls=False)

    @cached_property
    def control_edges(self) -> pd.DataFrame:
        """The coefficients of the controls, as ``edges``; without those of fixed effects."""
        return self._arrows(controls=True)

    def _arrows(self, controls: bool) -> pd.DataFrame:
        system = self.firms.system
        which = [
            i
            for i, (_, source) in enumerate(system.arrows)
            if system.from_controls[i] == controls and source not in self.firms.dummies
        ]
        to = [system.position[system.arrows[i][0]] for i in which]
        source = [system.position[system.arrows[i][1]] for i in which]
        columns: dict[str, Any] = {
            "target": [system.arrows[i][0] for i in which],
            "source": [system.arrows[i][1] for i in which],
        }
        columns |= self._inference(lambda coef, sd: coef[:, which], "", 0.05)
        columns |= self._inference(
            lambda coef, sd: coef[:, which] * sd[:, source] / sd[:, to], "std_", 0.05
        )
        return pd.DataFrame(columns)

    def effects(
        self,
        source: str,
        target: str,
        alpha: float = 0.05,
        monte_carlo: Mapping[str, int] | None = None,
    ) -> pd.DataFrame:
        """Decompose the effect of one variable on another.

        Parameters
        ----------
        source, target
            From where to where; controls may be sources.
        alpha
            One minus the confidence level of every interval.
        monte_carlo
            ``{"draws": 20000, "seed": 1}`` to add intervals from draws of the parameters'
            estimated normal distribution (``mc_low``, ``mc_high``, ``mc_p_value``): they need no
            firms.

        Returns
        -------
        DataFrame
            One row each for ``effect`` = ``direct``, every indirect path under its own name
            (``a → b → c``), ``indirect`` (their sum), ``total``. Raw and, with the prefix ``std_``,
            standardised: ``estimate std_error statistic p_value ci_low ci_high``. Standard errors,
            p-values and intervals are by the delta method, or over the resamples after
            ``cov_type="bootstrap"`` (:func:`percentile_p`). With resamples also
            ``percentile_low percentile_high bca_low bca_high`` and ``prob_negative``, the share of
            resamples with an effect below zero.
            ``note`` says which rows have no path and are zero by assumption.

        Raises
        ------
        EstimationError
            If a variable is not in the model.
        """
        system = self.firms.system
        rows = effect_rows(system, source, target)
        s, t = system.position[source], system.position[target]

        def raw(coef: np.ndarray, sd: np.ndarray) -> np.ndarray:
            return np.stack([sum_of_products(coef, paths) for _, _, paths in rows], axis=1)

        def standardised(coef: np.ndarray, sd: np.ndarray) -> np.ndarray:
            return raw(coef, sd) * (sd[:, s] / sd[:, t])[:, None]

        columns: dict[str, Any] = {
            "effect": [name for name, _, _ in rows],
            "path": [shown.label for _, shown, _ in rows],
        }
        simulated = None if monte_carlo is None else self._simulate(monte_carlo)
        for quantity, prefix in ((raw, ""), (standardised, "std_")):
            columns |= self._inference(quantity, prefix, alpha, simulated)
        columns["note"] = [
            ""
            if paths
            else f"no arrow {source}{ARROW}{target}: zero by assumption"
            if name == "direct"
            else "no such path: zero by assumption"
            for name, _, paths in rows
        ]
        return pd.DataFrame(columns)

    # ------------------------------------------------------------------ inference
    def _inference(
        self, quantity: Quantity, prefix: str, alpha: float, simulated: Estimates | None = None
    ) -> dict[str, np.ndarray]:
        """Estimate, standard error, test and intervals of functions of coefficients and SDs."""
        point = quantity(self.found.coef, self.found.sd)[0]
        resampled = None if self.draws is None else quantity(self.draws.coef, self.draws.sd)
        tails = np.array([alpha / 2, 1 - alpha / 2])
        if self.cov_type == "bootstrap" and resampled is not None:
            se, p = resampled.std(axis=0, ddof=1), percentile_p(resampled)
            low, high = np.quantile(resampled, tails, axis=0)
        else:
            se = self._delta(quantity)
            reference = student(self.df)
            p = 2 * reference.sf(np.abs(point / np.where(se == 0, np.nan, se)))
            low, high = point + reference.ppf(tails)[:, None] * se
        fixed = se == 0
        se = np.where(fixed, np.nan, se)
        out = {
            "estimate": point,
            "std_error": se,
            "statistic": point / se,
            "p_value": p,
            "ci_low": low,
            "ci_high": high,
        }
        if resampled is not None:
            out |= self._bootstrap_intervals(quantity, point, resampled, tails)
        if simulated is not None:
            values = quantity(simulated.coef, simulated.sd)
            out["mc_low"], out["mc_high"] = np.quantile(values, tails, axis=0)
            out["mc_p_value"] = percentile_p(values)
        return {
            prefix + name: np.where(fixed & (name != "estimate"), np.nan, v)
            for name, v in out.items()
        }

    def _bootstrap_intervals(
        self, quantity: Quantity, point: np.ndarray, resampled: np.ndarray, tails: np.ndarray
    ) -> dict[str, np.ndarray]:
        """Percentile and bias-corrected accelerated intervals (Efron 1987)."""
        left_out = quantity(self.left_out_estimates.coef, self.left_out_estimates.sd)
        low, high = np.quantile(resampled, tails, axis=0)
        bca_low, bca_high = bca_interval(point, resampled, left_out, tails)
        return {
            "percentile_low": low,
            "percentile_high": high,
            "bca_low": bca_low,
            "bca_high": bca_high,
            "prob_negative": (signs(resampled) < 0).mean(axis=0),
        }

    def _at(self, theta: np.ndarray) -> Estimates:
        """Estimates at other parameters, the exogenous variables as they are.

        ``theta`` has shape (draws, arrows + 2 outcomes).
        """
        moments, system = self.firms.moments, self.firms.system
        k, m, q = len(system.arrows), len(system.endogenous), len(system.exogenous)
        coef, psi, due = np.split(theta, [k, k + m], axis=1)
        given = np.broadcast_to(np.diag(moments.between)[:q], (len(theta), q))
        between = np.column_stack([given, due])
        sd = implied_sd(system, coef, psi, moments.within[None, :q, :q], between)
        return Estimates(coef, psi, sd, np.ones(len(theta), dtype=bool))

    @property
    def _theta(self) -> np.ndarray:
        """The parameters as ``path_covariance`` orders them."""
        due = np.diag(self.firms.moments.between)[len(self.firms.system.exogenous) :]
        return np.concatenate([self.found.coef[0], self.found.psi[0], due])

    def _delta(self, quantity: Quantity) -> np.ndarray:
        """Delta-method standard errors; derivatives by complex steps, exact to rounding."""
        step = 1e-30
        moved = self._at(self._theta + 1j * step * np.eye(len(self._theta)))
        jacobian = quantity(moved.coef, moved.sd).imag / step
        variance = np.einsum("ir,ij,jr->r", jacobian, self.cov, jacobian, optimize=True)
        return np.asarray(np.sqrt(np.maximum(variance, 0.0)))

    def _simulate(self, options: Mapping[str, int]) -> Estimates:
        """Draw parameters from their estimated normal distribution."""
        settings = _settings(MONTE_CARLO, options, "monte_carlo")
        rng = np.random.default_rng(settings["seed"])
        scale = np.sqrt(np.diag(self.cov))
        scale[scale == 0] = 1.0  # fixed effects without variance: stay where they are
        unit = normal_draws(self.cov / np.outer(scale, scale), settings["draws"], rng)
        theta = self._theta + unit * scale
        k = self.found.coef.shape[1]
        possible = (theta[:, k:] >= 0).all(axis=1)
        return self._at(theta[possible])

    def summary(self) -> str:
        """Arrows and fit as text."""
        shown = ["target", "source", "estimate", "std_error", "p_value", "std_estimate"]
        fit = self.fit_measures()
        lines = [
            f"Path model, {self.nobs} firms ({self.dropped.get('missing', 0)} dropped), "
            f"{self.cov_type} covariance",
            self.edges[shown].to_string(index=False, float_format=lambda v: f"{v:.4f}"),
            f"χ²({fit['df']:.0f}) = {fit['chisq']:.2f}, CFI {fit['cfi']:.3f}, "
            f"RMSEA {fit['rmsea']:.3f}, SRMR {fit['srmr']:.3f}",
        ]
        return "\n".join(lines)


def _settings(
    defaults: Mapping[str, int], given: Mapping[str, int] | bool | None, name: str
) -> dict[str, int]:
    """Complete the settings of a resampling and refuse what is not one."""
    settings = dict(defaults) | (dict(given) if isinstance(given, Mapping) else {})
    if set(settings) != set(defaults) or settings["draws"] < 2:
        what = f"{name} settings {dict(settings)} are not understood"
        refuse(HEADING, what, "give {'draws': 5000, 'seed': 1}, with two draws or more")
    return settings
