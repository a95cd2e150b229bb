"""The printed summary, in statsmodels' layout."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from cisflow.estimators.covariance import Covariance
from cisflow.estimators.tobit.fit import Fit


def summary(
    fit: Fit,
    covariance: Covariance,
    table: pd.DataFrame,
    scale_se: float,
    unmeasured: Mapping[str, str],
) -> Any:
    """Lay a fit out as statsmodels does; what could not be estimated is said below the table.

    Parameters
    ----------
    fit, covariance
        The numbers, and where the standard errors come from.
    table
        One row per term: coefficient, standard error, z, p-value and the interval's ends.
    scale_se
        Standard error of σ.
    unmeasured
        Term → why it has no standard error.

    Returns
    -------
    statsmodels.iolib.summary.Summary
        Prints as text; ``as_latex()``, ``as_html()`` and ``as_csv()`` give the other forms.
    """
    from statsmodels.iolib.summary import Summary
    from statsmodels.iolib.table import SimpleTable
    from statsmodels.iolib.tableformatting import fmt_2cols, fmt_params

    printed = Summary()
    left, right = _facts(fit, covariance)
    height = max(len(left), len(right))
    left += [("", "")] * (height - len(left))
    right += [("", "")] * (height - len(right))
    facts = SimpleTable(
        [[value] for _, value in left],
        stubs=[name for name, _ in left],
        title="Tobit Regression Results",
        txt_fmt=fmt_2cols,
    )
    facts.extend_right(
        SimpleTable([[v] for _, v in right], stubs=[name for name, _ in right], txt_fmt=fmt_2cols)
    )
    printed.tables.append(facts)
    sigma = [f"{fit.scale:.4g}", f"{scale_se:.4g}", "", "", "", ""]
    printed.tables.append(
        SimpleTable(
            [*_coefficients(table), sigma],
            headers=list(table.columns),
            stubs=[*table.index, "sigma"],
            txt_fmt=fmt_params,
        )
    )
    printed.add_extra_txt(_notes(fit, covariance, unmeasured))
    return printed


def _facts(fit: Fit, covariance: Covariance) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    sample = fit.sample
    lower, upper = sample.limits
    left = [
        ("Dep. Variable:", sample.name),
        ("Model:", "Tobit"),
        ("Method:", "Maximum Likelihood"),
        ("Limits:", f"{_limit(lower)}, {_limit(upper)}"),
        ("Covariance Type:", covariance.cov_type),
        ("Converged:", "yes" if fit.optimum.converged else "no"),
    ]
    right = [
        ("No. Observations:", str(sample.nobs)),
        ("At Lower Limit:", str(sample.n_lower)),
        ("At Upper Limit:", str(sample.n_upper)),
        ("Log-Likelihood:", f"{fit.llf:.5g}"),
        ("AIC:", f"{fit.aic:.5g}"),
        ("BIC:", f"{fit.bic:.5g}"),
    ]
    if covariance.groups:
        left.append(("Clusters:", " × ".join(map(str, covariance.groups))))
    return left, right


def _limit(limit: Any) -> str:
    if limit is None:
        return "none"
    return f"{float(limit):g}" if np.ndim(limit) == 0 else "by row"


def _coefficients(table: pd.DataFrame) -> list[list[str]]:
    return [
        [f"{b:.4g}", f"{se:.4g}", f"{z:.3f}", f"{p:.3f}", f"{low:.4g}", f"{high:.4g}"]
        for b, se, z, p, low, high in table.to_numpy()
    ]


def _notes(fit: Fit, covariance: Covariance, unmeasured: Mapping[str, str]) -> list[str]:
    notes = [
        "Coefficients are effects on the latent outcome; see get_margeff() for the observed one."
    ]
    if fit.sample.weights is not None and covariance.cov_type in ("nonrobust", "OPG"):
        notes.append(
            "Sampling weights: these standard errors hold only for unweighted samples; "
            "use HC1 or cluster."
        )
    if missing := fit.sample.dropped.get("missing"):
        notes.append(f"{missing} rows with a missing value were left out.")
    notes += [f"{term}: not estimable, {why}." for term, why in fit.estimable.not_estimable.items()]
    notes += [f"{term}: {why}." for term, why in unmeasured.items()]
    if covariance.note:
        notes.append(covariance.note)
    return notes
