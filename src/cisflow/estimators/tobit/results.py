"""What a fitted Tobit says: estimates, standard errors, and a printed summary."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import ndtr, ndtri, stdtr, stdtrit

from cisflow.estimators.arrays import Floats
from cisflow.estimators.covariance import HELD, Covariance, covariance
from cisflow.estimators.effects import Prediction
from cisflow.estimators.errors import Count, Problem, Sentence, refuse_any
from cisflow.estimators.influence import LeaveOneOut, leave_one_out, options_of
from cisflow.estimators.tobit import diagnostics, margins
from cisflow.estimators.tobit.bootstrap import Resamples, resample
from cisflow.estimators.tobit.diagnostics import TestResult
from cisflow.estimators.tobit.fit import Fit
from cisflow.estimators.tobit.influence import held_alone, unspread, without_each_row
from cisflow.estimators.tobit.scores import TobitScores
from cisflow.estimators.tobit.summary import summary
from cisflow.estimators.tobit.wild import WildTest, wild_bootstrap

UNSPREAD = Sentence(
    "no robust standard error: no score lies along it, as where it rests on ",
    Count(1),
    " alone, fitted exactly",
)


class Inference:
    """What follows from coefficients and their standard errors: normal, or t with ``df``."""

    params: Any
    bse: Any
    df: int | None = None

    @cached_property
    def tvalues(self) -> pd.Series:
        """Coefficients divided by their standard errors."""
        return (self.params / self.bse).rename("tvalues")

    @cached_property
    def pvalues(self) -> pd.Series:
        """Two-sided p-values, from the t distribution where ``df`` is given."""
        distance = -np.abs(self.tvalues.to_numpy())
        values = 2 * (ndtr(distance) if self.df is None else stdtr(self.df, distance))
        return pd.Series(values, index=self.params.index, name="pvalues", dtype=float)

    def conf_int(self, alpha: float = 0.05) -> pd.DataFrame:
        """Give confidence intervals; columns 0 and 1, as in statsmodels."""
        quantile = ndtri(alpha / 2) if self.df is None else stdtrit(self.df, alpha / 2)
        half = -float(quantile) * self.bse
        return pd.DataFrame({0: self.params - half, 1: self.params + half})


class TobitResults(Inference):
    """A fitted Tobit, named and shaped as statsmodels names and shapes its results.

    Attributes
    ----------
    params, bse, tvalues, pvalues : Series by term
        Coefficients on the latent outcome; p-values from the normal distribution, or from t where
        ``df`` is given. NaN where ``notes`` say why.
    scale : float
        σ, the standard deviation of the latent error.
    llf, aic, bic : float
        The number of parameters in AIC and BIC includes σ.
    nobs, n_lower, n_upper, n_between : int
        Rows; at the lower limit; at the upper limit; strictly between.
    converged : bool
    notes : dict
        Term → why it has no estimate, or none of its standard error.
    not_estimable : dict
        Term → why it has no coefficient.
    dropped : dict
        Rows left out, and for want of which variable.
    cov_type, cov_note : str
    n_groups : tuple of int
        Number of clusters, one entry per way of clustering.
    correction : str
        What was done about few clusters; see :mod:`cisflow.estimators.covariance`.
    df : int or None
        Degrees of freedom of t statistics; None for normal ones.
    model : Tobit
    solution : Fit
        The numbers behind all this.
    """

    def __init__(
        self,
        model: Any,
        solution: Fit,
        cov_type: str = "nonrobust",
        cov_kwds: Mapping[str, Any] | None = None,
    ):
        self.model = model
        self.solution = solution
        self._covariance: Covariance = covariance(TobitScores(solution), cov_type, cov_kwds)
        self.cov_type = self._covariance.cov_type
        self.cov_note = self._covariance.note
        self.n_groups = self._covariance.groups
        self.df, self.correction = self._covariance.df, self._covariance.correction
        self.cov_kwds = dict(cov_kwds or {})
        self.converged = solution.optimum.converged
        self.iterations = solution.optimum.iterations
        self.not_estimable = dict(solution.estimable.not_estimable)
        self.dropped = dict(solution.sample.dropped)
        self.nobs = solution.sample.nobs
        self.scale = solution.scale
        self.df_model = solution.X.k
        self._unmeasured = self._without_bse()
        self.notes = {**self.not_estimable, **self._unmeasured}

    def _without_bse(self) -> dict[str, str]:
        """Terms that have an estimate but no standard error of this kind, and why."""
        if self.cov_type in ("nonrobust", "bootstrap", "jackknife"):
            return {}
        opg = self.cov_type == "OPG"
        marked = unspread(self.solution) if opg else held_alone(self.solution)
        alone = self._terms_of(marked, UNSPREAD if opg else HELD)
        if (lost := self._covariance.unmeasured) is None:
            return alone
        why = self._covariance.why_unmeasured
        return {**self._terms_of(lost[self.solution.shown], why), **alone}

    def _terms_of(self, marked: Any, why: str) -> dict[str, str]:
        """Terms marked among the reported ones, and why; mostly none."""
        return dict.fromkeys(self.solution.index[marked], why) if marked.any() else {}

    @property
    def n_lower(self) -> int:
        """Rows at the lower limit."""
        return self.solution.sample.n_lower

    @property
    def n_upper(self) -> int:
        """Rows at the upper limit."""
        return self.solution.sample.n_upper

    @property
    def n_between(self) -> int:
        """Rows strictly between the limits."""
        return self.nobs - self.n_lower - self.n_upper

    def with_cov(self, cov_type: str, cov_kwds: Mapping[str, Any] | None = None) -> TobitResults:
        """Return the same estimates with another covariance; nothing is refitted."""
        return TobitResults(self.model, self.solution, cov_type, cov_kwds)

    def without(self, rows: Any) -> TobitResults:
        """Refit without some rows, with the same covariance.

        Parameters
        ----------
        rows : integers or (n,) booleans
            Which of the rows used are left out.
        """
        sample = self.solution.sample
        kept = np.delete(np.arange(sample.size), rows)
        options = options_of(self, kept, sample.aligned)
        model = self.model.of_sample(sample.take(kept))
        return TobitResults(model, model.solution, self.cov_type, options)

    def leave_one_out(self) -> LeaveOneOut:
        """Estimates without each row; see :mod:`cisflow.estimators.influence`.

        Standard errors are of the same kind. Those that resample or are based on a design change
        in proportion to the robust ones of the same clusters.
        """
        without = without_each_row(self.solution, self.cov_type, self.cov_kwds)
        return leave_one_out(self, *without, self.without, self.solution.sample.places)

    # -- parameters ------------------------------------------------------------------------

    @cached_property
    def _full_covariance(self) -> Floats:
        """Covariance of all coefficients and log σ, in the caller's units."""
        if self._covariance.original:
            return self._with_unshown(self._covariance.matrix)
        return self.solution.in_callers_units(self._covariance.matrix)

    def _with_unshown(self, matrix: Floats) -> Floats:
        """Make room for coefficients that are in the likelihood but have no meaning alone."""
        size = self.solution.back.shape[0] + 1
        full = np.full((size, size), np.nan)
        places = np.append(self.solution.shown, size - 1)
        full[np.ix_(places, places)] = matrix
        return full

    def _series(self, values: Any, name: str) -> pd.Series:
        series = pd.Series(values, index=self.solution.index, name=name, dtype=float)
        return series.reindex(self.solution.all_terms) if self.not_estimable else series

    @cached_property
    def params(self) -> pd.Series:
        """Coefficients on the latent outcome."""
        return self._series(self.solution.beta[self.solution.shown], "params")

    def cov_params(self, scale: bool = False) -> pd.DataFrame:
        """Return the covariance of the coefficients.

        Parameters
        ----------
        scale : bool
            Add log σ as the last row and column, as R does.
        """
        table = self.solution.covariance_table(self._full_covariance, scale)
        for term in self._unmeasured:
            table.loc[term, :] = table.loc[:, term] = np.nan
        if not self.not_estimable:
            return table
        names = self.solution.all_terms.append(table.index[self.solution.index.size :])
        return table.reindex(index=names, columns=names)

    @cached_property
    def bse(self) -> pd.Series:
        """Standard errors."""
        errors = np.sqrt(np.diag(self._full_covariance)[self.solution.shown])
        if self._unmeasured:
            errors[self.solution.index.isin(self._unmeasured)] = np.nan
        return self._series(errors, "bse")

    @property
    def log_scale_se(self) -> float:
        """Standard error of log σ."""
        return float(np.sqrt(self._full_covariance[-1, -1]))

    @property
    def scale_se(self) -> float:
        """Standard error of σ (delta method)."""
        return self.scale * self.log_scale_se

    # -- likelihood ------------------------------------------------------------------------

    @property
    def llf(self) -> float:
        """Log-likelihood of the outcome in the caller's units."""
        return self.solution.llf

    @property
    def aic(self) -> float:
        """Akaike's criterion."""
        return self.solution.aic

    @property
    def bic(self) -> float:
        """Schwarz's criterion."""
        return self.solution.bic

    @property
    def df_resid(self) -> int:
        """Rows minus coefficients minus one for σ."""
        return self.nobs - self.df_model - 1

    def loglik_obs(self) -> Floats:
        """Unweighted log-likelihood of each row, in the caller's row order, (n,)."""
        solution = self.solution
        rows = solution.likelihood.loglik_rows(solution.optimum.parameters)
        return rows - solution.sample.outcome.observed * np.log(solution.scaling.y_spread)

    def score_obs(self) -> pd.DataFrame:
        """Weighted score of each row in (β, log σ); see :meth:`.fit.Fit.score_obs`."""
        return self.solution.score_obs()

    # -- after estimation ------------------------------------------------------------------

    def get_margeff(
        self,
        kind: str = "censored",
        at: str = "overall",
        dummy: bool = False,
        weighted: bool = True,
        alpha: float = 0.05,
    ) -> pd.DataFrame:
        """Marginal effects; see :func:`cisflow.estimators.tobit.margins.marginal_effects`."""
        table = margins.marginal_effects(
            self.solution, self._full_covariance, kind, at, dummy, weighted, alpha
        )
        table.iloc[table.index.isin(self._unmeasured), 1:] = np.nan
        return table

    def prediction(self, kind: str = "censored") -> Prediction:
        """Average prediction of the sample's rows; see :func:`.margins.prediction`."""
        return margins.prediction(self.solution, self._full_covariance, kind)

    def get_prediction(
        self,
        exog: Any = None,
        which: str = "censored",
        alpha: float = 0.05,
    ) -> pd.DataFrame:
        """Predictions with intervals; see :func:`.margins.prediction_frame`."""
        return margins.prediction_frame(self.solution, self._full_covariance, exog, which, alpha)

    def predict(self, exog: Any = None, which: str = "censored") -> Floats:
        """Predictions; see :func:`cisflow.estimators.tobit.margins.predictions`."""
        return margins.predictions(self.solution, exog, which)

    def bootstrap(self, draws: int = 999, seed: int | None = None, groups: Any = None) -> Resamples:
        """Resample rows or clusters; see :func:`cisflow.estimators.tobit.bootstrap.resample`."""
        codes = None if groups is None else self.solution.sample.codes(groups)[0]
        return resample(self.solution, draws, seed, codes)

    def wild_cluster_test(
        self, term: str, groups: Any, value: float = 0.0, draws: int = 999, seed: int | None = None
    ) -> WildTest:
        """Test a coefficient with few clusters; see :mod:`cisflow.estimators.tobit.wild`."""
        return wild_bootstrap(self.solution, term, groups, draws, seed).test(value)

    def wild_cluster_interval(
        self, term: str, groups: Any, alpha: float = 0.05, draws: int = 999, seed: int | None = None
    ) -> tuple[float, float]:
        """Values of a coefficient the wild cluster bootstrap does not reject."""
        found = wild_bootstrap(self.solution, term, groups, draws, seed)
        options = {"groups": groups, "correction": "CR1"}
        error = float(self.with_cov("cluster", options).bse[term])
        return found.interval(float(self.params[term]), error, alpha)

    def simulate(self, rng: np.random.Generator) -> Any:
        """Draw outcomes from the fitted model, censored at its limits; the regressors stay.

        Returns
        -------
        Tobit
        """
        return self.model.with_outcome(self.solution.simulated(rng))

    def wald_test(self, terms: Any) -> TestResult:
        """Joint test; see :func:`cisflow.estimators.tobit.diagnostics.wald_test`."""
        asked = [t for t in terms if isinstance(t, str) and t in self._unmeasured]
        heading, remedy = self.solution.sample.heading, "test the other terms, or use nonrobust"
        refuse_any(heading, [Problem(f"{t} has no standard error", remedy) for t in asked])
        covariance = self.solution.covariance_table(self._full_covariance).to_numpy()
        estimates = self.solution.beta[self.solution.shown]
        return diagnostics.wald_test(self.solution, estimates, covariance, terms)

    def lr_test(self, restricted: TobitResults) -> TestResult:
        """Test a smaller model; see :func:`cisflow.estimators.tobit.diagnostics.lr_test`."""
        return diagnostics.lr_test(self.solution, restricted.solution)

    def score_test(self, extra: Any) -> TestResult:
        """Test regressors left out; see :func:`cisflow.estimators.tobit.diagnostics.score_test`."""
        return diagnostics.score_test(self.solution, extra)

    def normality_test(self, draws: int = 0, seed: int | None = None) -> TestResult:
        """Pagan & Vella's; see :func:`cisflow.estimators.tobit.diagnostics.normality_test`."""
        return diagnostics.normality_test(self.solution, draws, seed)

    def homoskedasticity_test(
        self, extra: Any = None, draws: int = 0, seed: int | None = None
    ) -> TestResult:
        """Pagan & Vella's; see :func:`.diagnostics.homoskedasticity_test`."""
        return diagnostics.homoskedasticity_test(self.solution, extra, draws, seed)

    def specification_tests(self, draws: int = 0, seed: int | None = None) -> dict[str, TestResult]:
        """Both; see :func:`cisflow.estimators.tobit.diagnostics.specification_tests`."""
        return diagnostics.specification_tests(self.solution, draws, seed)

    @property
    def llnull(self) -> float:
        """Log-likelihood with an intercept only."""
        return self.solution.llnull

    @property
    def prsquared(self) -> float:
        """McFadden's pseudo-R², under statsmodels' name."""
        return self.pseudo_r2("mcfadden")

    def pseudo_r2(self, kind: str = "mckelvey-zavoina") -> float:
        """Explained share; see :func:`cisflow.estimators.tobit.diagnostics.pseudo_r2`."""
        return diagnostics.pseudo_r2(self.solution, kind)

    def summary(self, alpha: float = 0.05) -> Any:
        """Return a printed summary that reads like statsmodels'."""
        interval = self.conf_int(alpha)
        table = pd.DataFrame(
            {
                "coef": self.params,
                "std err": self.bse,
                "z": self.tvalues,
                "P>|z|": self.pvalues,
                f"[{alpha / 2:.3g}": interval[0],
                f"{1 - alpha / 2:.3g}]": interval[1],
            }
        )
        table = table.loc[self.solution.index]
        return summary(self.solution, self._covariance, table, self.scale_se, self._unmeasured)

    # -- tables ----------------------------------------------------------------------------

    @property
    def __maketables_coef_table__(self) -> pd.DataFrame:
        """Coefficients in the columns maketables asks for."""
        ci95, ci90 = self.conf_int(0.05), self.conf_int(0.10)
        table = pd.DataFrame(
            {
                "b": self.params,
                "se": self.bse,
                "t": self.tvalues,
                "p": self.pvalues,
                "ci95l": ci95[0],
                "ci95u": ci95[1],
                "ci90l": ci90[0],
                "ci90u": ci90[1],
            }
        )
        return table.loc[self.solution.index].rename_axis("Coefficient")

    def __maketables_stat__(self, key: str) -> Any:
        """One statistic by maketables' key."""
        table = {
            "N": self.nobs,
            "ll": self.llf,
            "aic": self.aic,
            "bic": self.bic,
            "se_type": self.cov_type,
            "n_clusters": self.n_groups[0] if self.n_groups else None,
            "sigma": self.scale,
            "n_lower": self.n_lower,
            "n_upper": self.n_upper,
        }
        return table.get(key)

    @property
    def __maketables_depvar__(self) -> str:
        """Name of the outcome."""
        return self.solution.sample.name

    @property
    def __maketables_vcov_info__(self) -> dict[str, Any]:
        """Covariance and what it clusters by."""
        groups = self.cov_kwds.get("groups")
        return {
            "vcov_type": self.cov_type,
            "clustervar": groups if isinstance(groups, str) else None,
        }

    @property
    def __maketables_default_stat_keys__(self) -> list[str]:
        """Statistics a table shows unless told otherwise."""
        return ["N", "n_lower", "n_upper", "sigma", "ll"]

    @property
    def __maketables_stat_labels__(self) -> dict[str, str]:
        """Their labels."""
        return {"n_lower": "At lower limit", "n_upper": "At upper limit", "sigma": "σ"}
