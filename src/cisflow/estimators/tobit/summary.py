"""The printed summary, in statsmodels' layout."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from cisflow.estimators.tobit.results import TobitResults


def summary(results: TobitResults, alpha: float = 0.05) -> Any:
    """Lay a fit out as statsmodels does; what could not be estimated is said below the table.

    Returns
    -------
    statsmodels.iolib.summary.Summary
        Prints as text; ``as_latex()``, ``as_html()`` and ``as_csv()`` give the other forms.
    """
    from statsmodels.iolib.summary import Summary
    from statsmodels.iolib.table import SimpleTable
    from statsmodels.iolib.tableformatting import fmt_2cols, fmt_params

    printed = Summary()
    left, right = _facts(results)
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
    printed.tables.append(
        SimpleTable(
            _coefficients(results, alpha),
            headers=["coef", "std err", "z", "P>|z|", f"[{alpha / 2:.3g}", f"{1 - alpha / 2:.3g}]"],
            stubs=[*results.params.index, "sigma"],
            txt_fmt=fmt_params,
        )
    )
    printed.add_extra_txt(_notes(results))
    return printed


def _facts(results: TobitResults) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    lower, upper = results.model.limits
    left = [
        ("Dep. Variable:", results.model.endog_name),
        ("Model:", "Tobit"),
        ("Method:", "Maximum Likelihood"),
        ("Limits:", f"{_limit(lower)}, {_limit(upper)}"),
        ("Covariance Type:", results.cov_type),
        ("Converged:", "yes" if results.converged else "no"),
    ]
    right = [
        ("No. Observations:", str(results.nobs)),
        ("At Lower Limit:", str(results.n_lower)),
        ("At Upper Limit:", str(results.n_upper)),
        ("Log-Likelihood:", f"{results.llf:.5g}"),
        ("AIC:", f"{results.aic:.5g}"),
        ("BIC:", f"{results.bic:.5g}"),
    ]
    if results.n_groups:
        left.append(("Clusters:", " × ".join(map(str, results.n_groups))))
    return left, right


def _limit(limit: Any) -> str:
    if limit is None:
        return "none"
    return f"{float(limit):g}" if np.ndim(limit) == 0 else "by row"


def _coefficients(results: TobitResults, alpha: float) -> list[list[str]]:
    interval = results.conf_int(alpha)
    rows = [
        [f"{b:.4g}", f"{se:.4g}", f"{z:.3f}", f"{p:.3f}", f"{low:.4g}", f"{high:.4g}"]
        for b, se, z, p, low, high in zip(
            results.params,
            results.bse,
            results.tvalues,
            results.pvalues,
            interval[0],
            interval[1],
            strict=True,
        )
    ]
    return [*rows, [f"{results.scale:.4g}", f"{results.scale_se:.4g}", "", "", "", ""]]


def _notes(results: TobitResults) -> list[str]:
    notes = [
        "Coefficients are effects on the latent outcome; see get_margeff() for the observed one."
    ]
    if results.model.weights is not None and results.cov_type in ("nonrobust", "OPG"):
        notes.append(
            "Sampling weights: these standard errors hold only for unweighted samples; "
            "use HC1 or cluster."
        )
    if results.dropped.get("missing"):
        notes.append(f"{results.dropped['missing']} rows with a missing value were left out.")
    notes += [f"{term}: not estimable, {why}." for term, why in results.not_estimable.items()]
    if results.cov_note:
        notes.append(results.cov_note)
    return notes
