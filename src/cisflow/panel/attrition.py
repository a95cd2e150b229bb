"""Who is lost between survey and accounts: how many, whether selectively, and weights for it.

Accounts exist for some firms only: small firms publish abridged ones, others cease to exist. If
those lost differ from those kept in what is studied, estimates on the rest are biased. The
probability to have accounts, estimated from the survey, tests this and gives weights that restore
the composition of the survey as far as it depends on what the survey asks (Wooldridge 2007).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import chi2

from cisflow.base.cells import suppress_small_cells
from cisflow.base.thresholds import MINIMUM_CELL, is_small, splits_off_few
from cisflow.estimators.errors import EstimationError, Sentence
from cisflow.estimators.regression.models import Logit
from cisflow.panel.ratios import NEEDED_RATIOS
from cisflow.study.canonical import lagged

# Size classes of Recommendation 2003/361/EC and of the survey's strata.
SIZE_CLASSES = {"fewer than 50": (0, 50), "50 to 249": (50, 250), "250 and more": (250, np.inf)}
# Terms of the logit and the block of questions whose filter decides who had to answer.
REGRESSORS = {"log_employees": None, "rd_intensity": "spending", "group": None}
SILENCE = NOT_ASKED, NOT_ANSWERED, UNKNOWN = "_not_asked", "_not_answered", "_unknown"
WEIGHT = "accounts_weight"
UNKNOWN_INDUSTRY = "industry unknown"
ATTRITION_COLUMNS = ("wave", "by", "group", "firms", "with_accounts", "share")
NUMBERS = ("estimate", "std_error", "statistic", "df", "p_value", "n")
SELECTIVITY_COLUMNS = ("wave", "term", *NUMBERS, "note")
JOINT = "all terms (Wald test)"
OTHER = "other industries"
# An industry, or firms that lack an answer, enter with a dummy of their own if there are this many
# with and without accounts.
ENOUGH = 5


def describe_attrition(
    panel: pd.DataFrame, minimum: int = MINIMUM_CELL, lags: Sequence[int] = ()
) -> dict[str, Any]:
    """Return who is lost between survey and accounts, as far as it may be published.

    Parameters
    ----------
    panel
        As :func:`cisflow.panel.build.build_panel` makes it.
    minimum
        Smallest number of firms a number may rest on.
    lags
        Further years after the survey at which the panel has the ratios of the accounts.

    Returns
    -------
    dict
        ``shares`` and ``selectivity``, the rows of :func:`attrition` and :func:`selectivity` after
        disclosure control: plain JSON types, null where withheld. A wave in which no firm has
        accounts has no shares, and its selectivity says so. ``lags`` has one such record, with its
        ``lag``, for each of several lags; its shares are those of all firms.
    """
    record: dict[str, Any] = _described(panel, minimum)
    record["lags"] = []
    for lag in lags if len(lags) > 1 else ():
        at_lag = _described(panel.assign(has_accounts=accounts_at(panel, lag)), minimum)
        at_lag["shares"] = [row for row in at_lag["shares"] if row["by"] == "all"]
        record["lags"].append({"lag": lag, **at_lag})
    return record


def accounts_at(panel: pd.DataFrame, lag: int) -> pd.Series:
    """Return who has accounts a number of years after the survey, as ``has_accounts`` at its lag.

    Parameters
    ----------
    panel
        With the ratios at ``lag``, such as ``profit_margin_lag3``.
    """
    return panel[[lagged(ratio, lag) for ratio in NEEDED_RATIOS]].notna().all(axis=1)


def _described(panel: pd.DataFrame, minimum: int) -> dict[str, list[dict[str, Any]]]:
    somebody = panel.groupby("wave")["has_accounts"].transform("any")
    shares = control_attrition(attrition(panel[somebody]), minimum)
    tests = selectivity(panel, minimum)
    firms = panel.groupby("wave").size()
    for wave, n in tests.groupby("wave")["n"].first().items():
        if splits_off_few(n, firms[wave], minimum):
            tests.loc[tests["wave"] == wave, "n"] = np.nan
    return {name: _records(table) for name, table in (("shares", shares), ("selectivity", tests))}


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    return table.astype(object).where(table.notna(), None).to_dict(orient="records")


def control_attrition(table: pd.DataFrame, minimum: int = MINIMUM_CELL) -> pd.DataFrame:
    """Withhold the classes in which few firms have, or lack, accounts, and what gives them away.

    Parameters
    ----------
    table
        As :func:`attrition` returns it.
    minimum
        Smallest number of firms, with or without accounts, that may be shown.

    Returns
    -------
    pandas.DataFrame
        ``table`` with ``firms``, ``with_accounts`` and ``share`` null and ``suppressed`` true where
        withheld. The withheld classes of a wave, by size or by industry, hold together no firms
        with (or without) accounts or at least ``minimum``, as the wave's total would otherwise
        tell; where not even the total may be shown, the whole wave is withheld.
    """
    cells = table.assign(without=table["firms"] - table["with_accounts"])
    hidden = cells["firms"].lt(0)
    for count in ("with_accounts", "without"):
        by = ["wave", "by"]
        hidden |= suppress_small_cells(cells, minimum, count=count, by=by)["suppressed"]
    few = cells["with_accounts"].map(lambda n: is_small(n, minimum)) | cells["without"].map(
        lambda n: is_small(n, minimum)
    )
    hidden |= cells["wave"].isin(cells.loc[few & cells["by"].eq("all"), "wave"])
    shown = table.assign(suppressed=hidden)
    counts = ["firms", "with_accounts"]
    shown[counts] = shown[counts].astype("Int64")
    shown.loc[hidden, [*counts, "share"]] = None
    return shown


def attrition(panel: pd.DataFrame) -> pd.DataFrame:
    """Return how many firms of each wave have accounts, by size and industry.

    Parameters
    ----------
    panel
        As :func:`cisflow.panel.build.build_panel` makes it; pass a part of it for a part of the
        firms.

    Returns
    -------
    pandas.DataFrame
        Columns :data:`ATTRITION_COLUMNS`: ``by`` is ``"all"``, ``"size"`` or ``"industry"``,
        ``group`` the class, ``share`` from 0 to 1. Cells may be small: before they are published
        they have to pass :mod:`cisflow.panel.description`.
    """
    return pd.DataFrame(list(_attrition_rows(panel)), columns=list(ATTRITION_COLUMNS))


def _attrition_rows(panel: pd.DataFrame) -> Iterator[dict[str, Any]]:
    def row(wave: str, by: str, group: str, firms: pd.DataFrame) -> dict[str, Any]:
        kept = int(firms["has_accounts"].sum())
        return {
            "wave": wave,
            "by": by,
            "group": group,
            "firms": len(firms),
            "with_accounts": kept,
            "share": kept / len(firms) if len(firms) else float("nan"),
        }

    for wave, firms in panel.groupby("wave", sort=False):
        yield row(str(wave), "all", "all firms", firms)
        for label, (low, high) in SIZE_CLASSES.items():
            size = firms[(firms["employees"] >= low) & (firms["employees"] < high)]
            yield row(str(wave), "size", label, size)
        if (unknown := firms[firms["employees"].isna()]).shape[0]:
            yield row(str(wave), "size", "size unknown", unknown)
        for industry, part in firms.groupby(firms["industry"].fillna(UNKNOWN_INDUSTRY)):
            yield row(str(wave), "industry", str(industry), part)


def selectivity(panel: pd.DataFrame, minimum: int = MINIMUM_CELL) -> pd.DataFrame:
    """Return the logit of having accounts on what the survey knows, and its joint test.

    Parameters
    ----------
    panel
        As :func:`cisflow.panel.build.build_panel` makes it.

    Returns
    -------
    pandas.DataFrame
        Columns :data:`SELECTIVITY_COLUMNS`, per wave one row per term and, as the last, the Wald
        test (χ², ``df`` degrees of freedom) that all of them but the intercept are zero: a small
        p-value says that firms are lost selectively. Standard errors are robust (HC1). It rests on
        all firms of the wave: who was not asked, or did not answer, has the mean and a dummy
        (``rd_intensity_not_asked``), an unknown industry is one of its own. What the wave does not
        ask is left out, and so are firms without an answer if they are too few for a dummy. A wave
        for which it cannot be estimated has one row without a term, whose ``note`` says why.
    """
    rows: list[dict[str, Any]] = []
    for wave, firms in panel.groupby("wave", sort=False):
        fit, reason = _fit_or_reason(firms)
        if reason:
            rows.append({"wave": str(wave), "term": "", "note": reason.told(minimum)})
        else:
            rows += _selectivity_rows(str(wave), fit)
    return pd.DataFrame(rows, columns=list(SELECTIVITY_COLUMNS))


def _selectivity_rows(wave: str, fit: Any) -> Iterator[dict[str, Any]]:
    for term, estimate in fit.params.items():
        yield {
            "wave": wave,
            "term": str(term),
            "estimate": float(estimate),
            "std_error": float(fit.bse[term]),
            "statistic": float(fit.tvalues[term]),
            "p_value": float(fit.pvalues[term]),
            "n": fit.nobs,
        }
    slopes = [term for term in fit.params.index if term != "Intercept"]
    b = fit.params[slopes].to_numpy()
    wald = float(b @ np.linalg.solve(fit.cov_params().loc[slopes, slopes].to_numpy(), b))
    yield {
        "wave": wave,
        "term": JOINT,
        "statistic": wald,
        "df": len(slopes),
        "p_value": float(chi2.sf(wald, len(slopes))),
        "n": fit.nobs,
    }


def accounts_weights(panel: pd.DataFrame) -> pd.Series:
    """Return inverse-probability weights for the loss of firms without accounts.

    Parameters
    ----------
    panel
        As :func:`cisflow.panel.build.build_panel` makes it.

    Returns
    -------
    pandas.Series
        Shape (n,), named ``accounts_weight``: of a firm with accounts, the wave's share of firms
        with accounts over the firm's own probability by :func:`selectivity` (so that weights
        average about 1). Null for firms without accounts, for the few that the logit leaves out,
        and for waves for which it cannot be estimated; 1 where every firm has accounts. Not
        multiplied by the sampling weight.
    """
    weights = pd.Series(np.nan, index=panel.index, name=WEIGHT, dtype="float64")
    for _, firms in panel.groupby("wave"):
        has = firms["has_accounts"].astype(bool)
        if has.all():
            weights.loc[firms.index] = 1.0
            continue
        fit, reason = _fit_or_reason(firms)
        if reason:
            continue  # selectivity() says it
        rows = fit.model.rows
        known = rows.data.index[rows.kept]
        linear = rows.X @ fit.params.reindex(rows.names).fillna(0.0).to_numpy()
        probability = pd.Series(1 / (1 + np.exp(-linear)), index=known)
        weights.update((rows.y.mean() / probability)[has[known]])
    return weights


def _fit_or_reason(firms: pd.DataFrame) -> tuple[Any, Sentence]:
    """Return the logit of having accounts of a wave's firms, or why it cannot be estimated."""
    if firms["has_accounts"].nunique() < 2:
        who = "every firm" if firms["has_accounts"].any() else "no firm"
        return None, Sentence(f"{who} of the wave has accounts")
    try:
        return _fitted(firms), Sentence()
    except EstimationError as error:
        return None, Sentence.joined(problem.what for problem in error.problems)


def _fitted(firms: pd.DataFrame) -> Any:
    """Return the logit of having accounts of the firms of one wave."""
    answers = _answers(firms)
    has = firms["has_accounts"].astype(float)
    common = _merged_industries(firms["industry"].astype("object").fillna(UNKNOWN_INDUSTRY), has)
    terms = [name for name in answers if len(answers[name].unique()) > 1]
    if len(common.unique()) > 1:
        terms.append("C(industry)")
    industry = pd.Categorical(common, _by_size(common))
    data = answers.assign(has_accounts=has, industry=industry)
    return Logit.from_formula(f"has_accounts ~ {' + '.join(terms) or '1'}", data).fit("HC1")


def _answers(firms: pd.DataFrame) -> pd.DataFrame:
    """Return the regressors the wave asks, unknown values set to the mean and told by dummies.

    Those not asked and those who did not answer have a dummy each where both groups are large
    enough, else one together; where even these are too few they stay unknown.
    """
    has = firms["has_accounts"].astype(bool)

    def enough(some: pd.Series) -> bool:
        return min((some & has).sum(), (some & ~has).sum()) >= ENOUGH

    columns: dict[str, pd.Series] = {}
    for name, block in REGRESSORS.items():
        known = firms[name].astype("Float64").astype("float64")
        if known.isna().all():
            continue
        everyone = pd.Series(True, index=firms.index)
        asked = firms[f"asked_{block}"].fillna(True).astype(bool) if block else everyone
        gaps = {NOT_ASKED: known.isna() & ~asked, NOT_ANSWERED: known.isna() & asked}
        silent = {ending: some for ending, some in gaps.items() if some.any()}
        if not all(map(enough, silent.values())):
            silent = {UNKNOWN: known.isna()} if enough(known.isna()) else {}
        columns[name] = known.fillna(known.mean()) if silent else known
        columns |= {f"{name}{ending}": some.astype(float) for ending, some in silent.items()}
    return pd.DataFrame(columns, index=firms.index)


def _merged_industries(industry: pd.Series, has_accounts: pd.Series) -> pd.Series:
    """Return industries, those too small for a coefficient of their own taken together."""
    kept = has_accounts.groupby(industry).transform("sum")
    lost = has_accounts.groupby(industry).transform("size") - kept
    return industry.astype("object").where((kept >= ENOUGH) & (lost >= ENOUGH), OTHER)


def _by_size(industry: pd.Series) -> list[str]:
    """Return the industries, the largest first: it is the one others are compared with."""
    return [str(name) for name in industry.value_counts().index]
