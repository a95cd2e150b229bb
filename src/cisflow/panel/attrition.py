"""Who is lost between survey and accounts: how many, whether selectively, and weights for it.

Accounts exist for some firms only: small firms publish abridged ones, others cease to exist. If
those lost differ from those kept in what is studied, estimates on the rest are biased. The
probability to have accounts, estimated from the survey, tests this and gives weights that restore
the composition of the survey as far as it depends on what the survey asks (Wooldridge 2007).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from cisflow.estimators.distributions import ChiSquared
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
NUMBERS = ("estimate", "std_error", "statistic", "df", "p_value", "n")
SELECTIVITY_COLUMNS = ("wave", "term", *NUMBERS, "note")
JOINT = "all terms (Wald test)"
OTHER = "other industries"
# An industry, or firms that lack an answer, enter with a dummy of their own if there are this many
# with and without accounts.
ENOUGH = 5


def accounts_at(panel: pd.DataFrame, lag: int) -> pd.Series:
    """Return who has accounts a number of years after the survey, as ``has_accounts`` at its lag.

    Parameters
    ----------
    panel
        With the ratios at ``lag``, such as ``profit_margin_lag3``.
    """
    return panel[[lagged(ratio, lag) for ratio in NEEDED_RATIOS]].notna().all(axis=1)


@dataclass(frozen=True)
class Share:
    """The firms of a class of a wave, and which of them have accounts."""

    # wave, by, group: `by` is `"all"`, `"size"` or `"industry"`, `group` the class.
    wave: str
    by: str
    group: str
    # firms, kept: index labels of the panel: all, and those with accounts.
    firms: pd.Index
    kept: pd.Index


def attrition(panel: pd.DataFrame) -> Iterator[Share]:
    """Yield which firms of each wave have accounts, by size and industry.

    Parameters
    ----------
    panel
        As :func:`cisflow.panel.build.build_panel` makes it. A wave in which no firm has accounts
        has no shares.
    """
    for wave, firms in panel.groupby("wave", sort=False):
        if not firms["has_accounts"].any():
            continue
        share = partial(_share, str(wave))
        yield share("all", "all firms", firms)
        for label, (low, high) in SIZE_CLASSES.items():
            yield share(
                "size", label, firms[(firms["employees"] >= low) & (firms["employees"] < high)]
            )
        if (unknown := firms[firms["employees"].isna()]).shape[0]:
            yield share("size", "size unknown", unknown)
        for industry, part in firms.groupby(firms["industry"].fillna(UNKNOWN_INDUSTRY)):
            yield share("industry", str(industry), part)


def _share(wave: str, by: str, group: str, firms: pd.DataFrame) -> Share:
    return Share(wave, by, group, firms.index, firms.index[firms["has_accounts"]])


@dataclass(frozen=True)
class Selectivity:
    """The logit of having accounts of one wave, or why it cannot be estimated."""

    wave: str
    fit: Any  # results, None where it cannot be estimated
    reason: Sentence  # why not

    @property
    def rows(self) -> list[dict[str, Any]]:
        """The terms, and as the last the Wald test that all but the intercept are zero."""
        return list(_selectivity_rows(self.wave, self.fit))


def selectivity(panel: pd.DataFrame, fewest: int = ENOUGH) -> Iterator[Selectivity]:
    """Yield, per wave, the logit of having accounts on what the survey knows, and its joint test.

    Parameters
    ----------
    panel
        As :func:`cisflow.panel.build.build_panel` makes it.

    fewest
        Firms with, and without, accounts that a dummy must have.

    Notes
    -----
    The test is of Wald (χ², ``df`` degrees of freedom): a small p-value says that firms are lost
    selectively. Standard errors are robust (HC1). It rests on all firms of the wave: who was not
    asked, or did not answer, has the mean and a dummy (``rd_intensity_not_asked``), an unknown
    industry is one of its own. What the wave does not ask is left out, and so are firms without an
    answer if they are too few for a dummy.
    """
    for wave, firms in panel.groupby("wave", sort=False):
        yield Selectivity(str(wave), *_fit_or_reason(firms, fewest))


def _selectivity_rows(wave: str, fit: Any) -> Iterator[dict[str, Any]]:
    params = fit.params.dropna()
    for term, estimate in params.items():
        yield {
            "wave": wave,
            "term": str(term),
            "estimate": float(estimate),
            "std_error": float(fit.bse[term]),
            "statistic": float(fit.tvalues[term]),
            "p_value": float(fit.pvalues[term]),
            "n": fit.nobs,
        }
    slopes = [term for term in params.index if term != "Intercept"]
    b = params[slopes].to_numpy()
    wald = float(b @ np.linalg.solve(fit.cov_params().loc[slopes, slopes].to_numpy(), b))
    yield {
        "wave": wave,
        "term": JOINT,
        "statistic": wald,
        "df": len(slopes),
        "p_value": float(ChiSquared(len(slopes)).sf(wald)),
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


def _fit_or_reason(firms: pd.DataFrame, fewest: int = ENOUGH) -> tuple[Any, Sentence]:
    """Return the logit of having accounts of a wave's firms, or why it cannot be estimated."""
    if firms["has_accounts"].nunique() < 2:
        who = "every firm" if firms["has_accounts"].any() else "no firm"
        return None, Sentence(f"{who} of the wave has accounts")  # which is told as it is
    try:
        return _fitted(firms, fewest), Sentence()
    except EstimationError as error:
        return None, Sentence.joined(problem.what for problem in error.problems)


def _fitted(firms: pd.DataFrame, fewest: int) -> Any:
    """Return the logit of having accounts of the firms of one wave."""
    answers = _answers(firms, fewest)
    has = firms["has_accounts"].astype(float)
    known = firms["industry"].astype("object").fillna(UNKNOWN_INDUSTRY)
    common = _merged_industries(known, has, fewest)
    terms = [name for name in answers if len(answers[name].unique()) > 1]
    if len(common.unique()) > 1:
        terms.append("C(industry)")
    industry = pd.Categorical(common, _by_size(common))
    data = answers.assign(has_accounts=has, industry=industry)
    return Logit.from_formula(f"has_accounts ~ {' + '.join(terms) or '1'}", data).fit("HC1")


def _answers(firms: pd.DataFrame, fewest: int) -> pd.DataFrame:
    """Return the regressors the wave asks, unknown values set to the mean and told by dummies.

    Those not asked and those who did not answer have a dummy each where both groups are large
    enough, else one together; where even these are too few they stay unknown.
    """
    has = firms["has_accounts"].astype(bool)

    def enough(some: pd.Series) -> bool:
        return min((some & has).sum(), (some & ~has).sum()) >= fewest

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


def _merged_industries(industry: pd.Series, has_accounts: pd.Series, fewest: int) -> pd.Series:
    """Return industries, those too small for a coefficient of their own taken together.

    Where these are still too few, the smallest of the others join them.
    """
    kept = has_accounts.groupby(industry).sum()
    lost = has_accounts.groupby(industry).size() - kept
    smaller = pd.concat([kept, lost], axis=1).min(axis=1).sort_values(kind="stable")
    small = list(smaller.index[smaller < fewest])
    others = [name for name in smaller.index if name not in small]
    while small and others and min(kept[small].sum(), lost[small].sum()) < fewest:
        small.append(others.pop(0))
    return industry.astype("object").where(~industry.isin(small), OTHER)


def _by_size(industry: pd.Series) -> list[str]:
    """Return the industries, the largest first: it is the one others are compared with."""
    return [str(name) for name in industry.value_counts().index]
