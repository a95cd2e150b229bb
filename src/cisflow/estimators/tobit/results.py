"""What a fitted Tobit says: estimates, standard errors, and a printed summary."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from cisflow.estimators.arrays import Floats, Ints
from cisflow.estimators.covariance import Covariance, covariance
from cisflow.estimators.tobit.likelihood import Design

if TYPE_CHECKING:
    import pandas as pd

    from cisflow.estimators.tobit.bootstrap import Resamples
    from cisflow.estimators.tobit.diagnostics import TestResult
    from cisflow.estimators.tobit.model import Tobit

LOG_SIGMA = "log(sigma)"


class TobitScores:
    """Information and scores of a fit in Olsen's working parameters, for the registry."""

    def __init__(self, model: Tobit):
        self.model = model
        self.heading = model.heading
        solution = model.solution
        self.X = solution.X
        self.parameters = solution.optimum.parameters
        self.information = solution.optimum.information
        self.likelihood = solution.likelihood

    @property
    def nobs(self) -> float:
        """Rows, each counted as often as its frequency weight says."""
        return float(self.model.nobs)

    @property
    def size(self) -> int:
        """Rows, each counted once."""
        return self.model.size

    def bread(self) -> Floats:
        """Inverse information, (k+1, k+1)."""
        inverse = np.linalg.inv(self.information)
        return np.asarray((inverse + inverse.T) / 2)

    @cached_property
    def parts(self) -> tuple[Floats, Floats]:
        """Unweighted score of row i is ``(a_i x_i, b_i)``."""
        return self.likelihood.score_parts(self.parameters)

    def outer(self) -> Floats:
        """Sum of outer products of the weighted scores, (k+1, k+1).

        A row with frequency weight f counts as f rows; a sampling weight scales its score.
        """
        a, b = self.parts
        squared = np.ones(a.size)
        if self.model.weights is not None:
            squared = squared * self.model.weights**2
        if self.model.freq_weights is not None:
            squared = squared * self.model.freq_weights
        k = self.X.k
        meat = np.empty((k + 1, k + 1))
        meat[:k, :k] = self.X.gram(squared * a * a)
        meat[k, :k] = meat[:k, k] = self.X.transpose_times(squared * a * b)
        meat[k, k] = float(squared @ (b * b))
        return meat

    def sums(self, codes: Ints, groups: int) -> Floats:
        """Weighted scores summed by group, (groups, k+1)."""
        a, b = self.parts
        w = self.model.total_weights
        scale = np.bincount(codes, w * b, groups)
        return np.column_stack([self.X.score_sums(w * a, codes, groups), scale])

    def groups(self, value: Any) -> list[Ints]:
        """Codes of one or two ways of clustering."""
        return self.model.group_codes(value)

    def aligned(self, values: Any, what: str) -> Any:
        """Values of the rows used, given those or one for every row of the formula's table."""
        return self.model.aligned(values, what)

    def resampled(
        self, kind: str, groups: Ints | None, options: Mapping[str, Any]
    ) -> tuple[Floats, str]:
        """Covariance of resampled (β, log σ), and a note on resamples that lack a coefficient."""
        from cisflow.estimators.tobit.bootstrap import resample

        found = resample(TobitResults(self.model), groups=groups, kind=kind, **options)
        return found.covariance(), found.note


class TobitResults:
    """A fitted Tobit, named and shaped as statsmodels names and shapes its results.

    Attributes
    ----------
    params, bse, tvalues, pvalues : Series by term
        Coefficients on the latent outcome; p-values from the normal distribution.
    scale : float
        σ, the standard deviation of the latent error.
    llf, aic, bic : float
        The number of parameters in AIC and BIC includes σ.
    nobs, n_lower, n_upper, n_between : int
        Rows; at the lower limit; at the upper limit; strictly between.
    converged : bool
    not_estimable : dict
        Term → why it has no coefficient.
    dropped : dict
        Rows left out, and for want of which variable.
    cov_type, cov_note : str
    n_groups : tuple of int
        Number of clusters, one entry per way of clustering.
    """

    def __init__(
        self, model: Tobit, cov_type: str = "nonrobust", cov_kwds: Mapping[str, Any] | None = None
    ):
        self.model = model
        self._scores = TobitScores(model)
        self._covariance: Covariance = covariance(self._scores, cov_type, cov_kwds)
        self.cov_type = self._covariance.cov_type
        self.cov_note = self._covariance.note
        self.n_groups = self._covariance.groups
        self.cov_kwds = dict(cov_kwds or {})

        solution = model.solution
        self._estimable = solution.estimable
        self._scaling = solution.scaling
        self.converged = solution.optimum.converged
        self.iterations = solution.optimum.iterations
        self.not_estimable = dict(self._estimable.not_estimable)
        self.dropped = dict(model.dropped)
        self.nobs = model.nobs
        theta = float(solution.optimum.parameters[-1])
        self.scale = self._scaling.y_spread / theta
        self.n_separated = model.size - self._estimable.rows.size
        self.df_model = solution.X.k

    @cached_property
    def n_lower(self) -> int:
        """Rows at the lower limit."""
        return self._count(self.model.outcome.side < 0)

    @cached_property
    def n_upper(self) -> int:
        """Rows at the upper limit."""
        return self._count(self.model.outcome.side > 0)

    @property
    def n_between(self) -> int:
        """Rows strictly between the limits."""
        return self.nobs - self.n_lower - self.n_upper

    @cached_property
    def llf(self) -> float:
        """Log-likelihood of the outcome in the caller's units."""
        weight = float(self.model.total_weights[self.model.outcome.observed].sum())
        return self.model.solution.optimum.value - weight * float(np.log(self._scaling.y_spread))

    def _count(self, rows: Any) -> int:
        frequency = self.model.freq_weights
        return int(rows.sum()) if frequency is None else round(float(frequency[rows].sum()))

    def with_cov(self, cov_type: str, cov_kwds: Mapping[str, Any] | None = None) -> TobitResults:
        """Return the same estimates with another covariance; nothing is refitted."""
        return TobitResults(self.model, cov_type, cov_kwds)

    # -- parameters ------------------------------------------------------------------------

    @cached_property
    def _columns(self) -> Ints:
        """Caller's column of each working coefficient."""
        return self._scaling.order[self._estimable.keep]

    @cached_property
    def _shown(self) -> Ints:
        """Positions of the reported coefficients among the working ones, in the caller's order."""
        places = np.flatnonzero(self._estimable.report)
        return places[np.argsort(self.model.display[self._columns[places]])]

    @cached_property
    def _back(self) -> Floats:
        return self._scaling.back(self._estimable.keep)

    @cached_property
    def _beta(self) -> Floats:
        """All coefficients of the likelihood, in the caller's units."""
        parameters = self.model.solution.optimum.parameters
        beta = self._back @ (parameters[:-1] / parameters[-1])
        if self._scaling.intercept:
            beta[0] += self._scaling.y_mean / self._scaling.spread[0]
        return np.asarray(beta)

    @cached_property
    def _jacobian(self) -> Floats:
        """Derivative of (β, log σ) in the caller's units with respect to the working (γ, θ)."""
        parameters = self.model.solution.optimum.parameters
        theta, k = float(parameters[-1]), self._back.shape[0]
        jacobian = np.zeros((k + 1, k + 1))
        jacobian[:k, :k] = self._back / theta
        jacobian[:k, k] = -self._back @ parameters[:-1] / theta**2
        jacobian[k, k] = -1 / theta
        return jacobian

    @cached_property
    def _full_covariance(self) -> Floats:
        """Covariance of all coefficients and log σ, in the caller's units."""
        if self._covariance.original:
            return self._with_unshown(self._covariance.matrix)
        return np.asarray(self._jacobian @ self._covariance.matrix @ self._jacobian.T)

    @cached_property
    def _design(self) -> Design:
        """Regressors of the estimated columns in the caller's units, in the working order."""
        return self._in_working_order(self.model.design)

    def _in_working_order(self, design: Design) -> Design:
        columns, p = self._columns, design.dense.shape[1]
        kept = design.select(np.concatenate([np.arange(p), columns[columns >= p]]))
        return Design(kept.dense[:, columns[columns < p]], kept.codes, kept.groups)

    def _linear_predictor(self) -> Floats:
        """``xβ`` of every row of the sample, (n,)."""
        return self._design.times(self._beta)

    def _with_unshown(self, matrix: Floats) -> Floats:
        """Make room for coefficients that are in the likelihood but have no meaning alone."""
        size = self._back.shape[0] + 1
        full = np.full((size, size), np.nan)
        places = np.append(self._shown, size - 1)
        full[np.ix_(places, places)] = matrix
        return full

    def _separated_drift(self) -> Floats:
        """±∞ for rows held at a limit with probability one, zero for the others, (n,)."""
        drift = np.zeros(self.model.size)
        if self.n_separated:
            gone = np.ones(drift.size, dtype=bool)
            gone[self._estimable.rows] = False
            drift[gone] = np.where(self.model.outcome.side[gone] < 0, -np.inf, np.inf)
        return drift

    @cached_property
    def _terms(self) -> list[str]:
        return [self.model.exog_names[j] for j in self._columns[self._shown]]

    @cached_property
    def _index(self) -> pd.Index:
        import pandas as pd

        # Plain strings: pandas' own text type takes as long as a step of Newton's method.
        return pd.Index(self._terms, dtype=object)

    def _series(self, values: Any, name: str) -> pd.Series:
        import pandas as pd

        return pd.Series(values, index=self._index, name=name, dtype=float)

    @cached_property
    def params(self) -> pd.Series:
        """Coefficients on the latent outcome."""
        return self._series(self._beta[self._shown], "params")

    def cov_params(self, scale: bool = False) -> pd.DataFrame:
        """Return the covariance of the coefficients.

        Parameters
        ----------
        scale : bool
            Add log σ as the last row and column, as R does.
        """
        import pandas as pd

        places, names = self._shown, self._index
        if scale:
            places = np.append(places, self._full_covariance.shape[0] - 1)
            names = pd.Index([*self._terms, LOG_SIGMA], dtype=object)
        values = self._full_covariance.take(places, axis=0).take(places, axis=1)
        return pd.DataFrame(values, index=names, columns=names)

    @cached_property
    def bse(self) -> pd.Series:
        """Standard errors."""
        return self._series(np.sqrt(np.diag(self._full_covariance)[self._shown]), "bse")

    @property
    def log_scale_se(self) -> float:
        """Standard error of log σ."""
        return float(np.sqrt(self._full_covariance[-1, -1]))

    @property
    def scale_se(self) -> float:
        """Standard error of σ (delta method)."""
        return self.scale * self.log_scale_se

    @cached_property
    def tvalues(self) -> pd.Series:
        """Coefficients divided by their standard errors."""
        return (self.params / self.bse).rename("tvalues")

    @cached_property
    def pvalues(self) -> pd.Series:
        """Two-sided p-values, normal distribution."""
        from scipy.special import ndtr

        return self._series(2 * ndtr(-np.abs(self.tvalues.to_numpy())), "pvalues")

    def conf_int(self, alpha: float = 0.05) -> pd.DataFrame:
        """Give normal confidence intervals; columns 0 and 1, as in statsmodels."""
        import pandas as pd
        from scipy.special import ndtri

        half = -float(ndtri(alpha / 2)) * self.bse
        return pd.DataFrame({0: self.params - half, 1: self.params + half})

    # -- likelihood ------------------------------------------------------------------------

    @property
    def aic(self) -> float:
        """Akaike's criterion."""
        return -2 * self.llf + 2 * (self.df_model + 1)

    @property
    def bic(self) -> float:
        """Schwarz's criterion."""
        return -2 * self.llf + float(np.log(self.nobs)) * (self.df_model + 1)

    @property
    def df_resid(self) -> int:
        """Rows minus coefficients minus one for σ."""
        return self.nobs - self.df_model - 1

    def loglik_obs(self) -> Floats:
        """Unweighted log-likelihood of each row, in the caller's row order, (n,)."""
        solution = self.model.solution
        rows = solution.likelihood.loglik_rows(solution.optimum.parameters)
        return rows - self.model.outcome.observed * np.log(self._scaling.y_spread)

    def score_obs(self) -> pd.DataFrame:
        """Weighted score of each row in (β, log σ), in the caller's row order, (n, k+1).

        Rows fitted with probability one (see ``not_estimable``) have score zero.
        """
        import pandas as pd

        a, b = self._scores.parts
        w = self.model.total_weights
        working = np.column_stack([self.model.solution.X.toarray() * (w * a)[:, None], w * b])
        scores = np.linalg.solve(self._jacobian.T, working.T).T
        places = np.append(self._shown, scores.shape[1] - 1)
        return pd.DataFrame(scores[:, places], columns=[*self._terms, LOG_SIGMA])

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
        from cisflow.estimators.tobit.margins import marginal_effects

        return marginal_effects(self, kind, at, dummy, weighted, alpha)

    def get_prediction(
        self,
        exog: Any = None,
        which: str = "censored",
        alpha: float = 0.05,
    ) -> pd.DataFrame:
        """Predictions with intervals; see :func:`.margins.prediction_frame`."""
        from cisflow.estimators.tobit.margins import prediction_frame

        return prediction_frame(self, exog, which, alpha)

    def predict(self, exog: Any = None, which: str = "censored") -> Floats:
        """Predictions; see :func:`cisflow.estimators.tobit.margins.predictions`."""
        from cisflow.estimators.tobit.margins import predictions

        return predictions(self, exog, which)

    def bootstrap(self, draws: int = 999, seed: int | None = None, groups: Any = None) -> Resamples:
        """Resample rows or clusters; see :func:`cisflow.estimators.tobit.bootstrap.resample`."""
        from cisflow.estimators.tobit.bootstrap import resample

        codes = None if groups is None else self.model.group_codes(groups)[0]
        return resample(self, draws, seed, codes)

    def simulate(self, rng: np.random.Generator) -> Tobit:
        """Draw outcomes from the fitted model, censored at its limits; the regressors stay."""
        eta = self._linear_predictor() + self._separated_drift()
        return self.model.with_outcome(eta + self.scale * rng.normal(size=eta.size))

    def wald_test(self, terms: Any) -> TestResult:
        """Joint test; see :func:`cisflow.estimators.tobit.diagnostics.wald_test`."""
        from cisflow.estimators.tobit.diagnostics import wald_test

        return wald_test(self, terms)

    def lr_test(self, restricted: TobitResults) -> TestResult:
        """Test a smaller model; see :func:`cisflow.estimators.tobit.diagnostics.lr_test`."""
        from cisflow.estimators.tobit.diagnostics import lr_test

        return lr_test(self, restricted)

    def score_test(self, extra: Any) -> TestResult:
        """Test regressors left out; see :func:`cisflow.estimators.tobit.diagnostics.score_test`."""
        from cisflow.estimators.tobit.diagnostics import score_test

        return score_test(self, extra)

    def normality_test(self, draws: int = 0, seed: int | None = None) -> TestResult:
        """Pagan & Vella's; see :func:`cisflow.estimators.tobit.diagnostics.normality_test`."""
        from cisflow.estimators.tobit.diagnostics import normality_test

        return normality_test(self, draws, seed)

    def homoskedasticity_test(
        self, extra: Any = None, draws: int = 0, seed: int | None = None
    ) -> TestResult:
        """Pagan & Vella's; see :func:`.diagnostics.homoskedasticity_test`."""
        from cisflow.estimators.tobit.diagnostics import homoskedasticity_test

        return homoskedasticity_test(self, extra, draws, seed)

    def specification_tests(self, draws: int = 0, seed: int | None = None) -> dict[str, TestResult]:
        """Both; see :func:`cisflow.estimators.tobit.diagnostics.specification_tests`."""
        from cisflow.estimators.tobit.diagnostics import specification_tests

        return specification_tests(self, draws, seed)

    @cached_property
    def llnull(self) -> float:
        """Log-likelihood with an intercept only."""
        return self.model.intercept_only().fit().llf

    @property
    def prsquared(self) -> float:
        """McFadden's pseudo-R², under statsmodels' name."""
        return self.pseudo_r2("mcfadden")

    def pseudo_r2(self, kind: str = "mckelvey-zavoina") -> float:
        """Explained share; see :func:`cisflow.estimators.tobit.diagnostics.pseudo_r2`."""
        from cisflow.estimators.tobit.diagnostics import pseudo_r2

        return pseudo_r2(self, kind)

    def summary(self, alpha: float = 0.05) -> Any:
        """Return a printed summary that reads like statsmodels'."""
        from cisflow.estimators.tobit.summary import summary

        return summary(self, alpha)

    # -- tables ----------------------------------------------------------------------------

    @property
    def __maketables_coef_table__(self) -> pd.DataFrame:
        """Coefficients in the columns maketables asks for."""
        import pandas as pd

        ci95, ci90 = self.conf_int(0.05), self.conf_int(0.10)
        return pd.DataFrame(
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
        ).rename_axis("Coefficient")

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
        return self.model.endog_name

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
