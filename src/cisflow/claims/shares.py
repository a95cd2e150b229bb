"""A claimed share of significant estimates, held against the share that these samples could show.

Of many estimates some are of effects that the claims say are there, the others of effects that the
claims say are not; and a sample of a few hundred firms finds an effect that is there only now and
then. So even if every claim were true, far fewer estimates may be significant than the literature
counts. How many are to be expected follows from the standard errors; how much their number varies
also from how the estimates hang together, as many rest on the same firms.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cisflow.claims.evidence import Evidence, Row
from cisflow.claims.families import matrix_of
from cisflow.claims.power import power_of_sign
from cisflow.claims.reasons import percent
from cisflow.claims.single import no_verdict
from cisflow.claims.units import OF_ESTIMATES
from cisflow.estimation.pooling.usable import places
from cisflow.estimators.distributions import NORMAL, normal_draws
from cisflow.study.claims import Rule, Share, key_of
from cisflow.study.verdicts import (
    CONTRADICTED,
    INCONCLUSIVE,
    NOT_ESTIMABLE,
    NOT_RUN,
    SIGNS,
    SUPPORTED,
    TOO_FEW,
    UNDECIDABLE,
)

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class ExpectedShare:
    """The share of estimates that are significant with the expected sign, over many samples."""

    mean: float  # on average
    # low, high: ends of the range that holds it in 95 % of samples.
    low: float
    high: float
    # Whether the estimates' dependence was known; else they are taken to be independent, and the
    # range is narrower than it should be.
    together: bool


def expected_share(
    effects: Floats,
    std_errors: Floats,
    correlation: Floats | None = None,
    *,
    level: float = 0.05,
    draws: int = 9_999,
    seed: int = 1,
) -> ExpectedShare:
    """Return the share of estimates to expect that are significant and have the expected sign.

    Parameters
    ----------
    effects : (k,) array
        True effects, positive where they have the expected sign, 0 where there is none.
    std_errors : (k,) array
        Of the estimates, in the same units.
    correlation : (k, k) array or None
        Of the estimates; None or not a number where it is not known.
    level
        Of the two-sided test.
    draws, seed
        Of the normal draws of all estimates together.
    """
    mean = float(np.mean(power_of_sign(effects, std_errors, level=level)))
    known = correlation is not None and bool(np.isfinite(correlation).all())
    matrix = np.eye(len(effects)) if correlation is None or not known else correlation
    found = _significant(effects / std_errors, matrix, level=level, draws=draws, seed=seed)
    low, high = np.quantile(found.mean(axis=1), [0.025, 0.975], method="inverted_cdf")
    return ExpectedShare(mean, float(low), float(high), known)


def _significant(
    statistics: Floats, correlation: Floats, *, level: float, draws: int, seed: int
) -> NDArray[np.bool_]:
    """Return which estimates are significant and as expected in samples of other firms, (draws, k).

    The firms' joint influence on the estimates says how these move together from one sample to
    another: draws with this correlation are a bootstrap of firms with normal multipliers.
    """
    noise = normal_draws(correlation, draws, seed)
    return np.asarray(statistics + noise > NORMAL.isf(level / 2))


def worth(
    statistics: Floats,
    correlation: Floats,
    *,
    level: float = 0.05,
    draws: int = 9_999,
    seed: int = 1,
) -> float:
    """Return of how many independent estimates a share of dependent ones is as sure.

    By how much the share varies from sample to sample beside what it would if the estimates were
    independent (Kish's design effect; Survey Sampling, 1965).

    Parameters
    ----------
    statistics : (k,) array
        Estimates over standard errors, positive where they have the expected sign.
    correlation : (k, k) array
        Of the estimates; k is returned where it is not known.
    level, draws, seed
        As in :func:`expected_share`.

    Returns
    -------
    float
        From 1 to k.
    """
    k = len(statistics)
    if not np.isfinite(correlation).all():
        return float(k)
    found = _significant(statistics, correlation, level=level, draws=draws, seed=seed)
    chance = found.mean(axis=0)
    alone, together = float((chance * (1 - chance)).sum()) / k**2, float(found.mean(axis=1).var())
    return float(np.clip(k * alone / together, 1, k)) if together > 0 else float(k)


def judge_share(share: Share, evidence: Evidence, rule: Rule, seed: int) -> Row:
    """Judge a claimed share of significant estimates over the whole run.

    Parameters
    ----------
    share
        Which estimates count, and what is claimed of them.
    evidence
        Of the whole run. An estimate of several waves together counts once.
    seed
        Of the draws behind the share to expect.
    """
    models = [model for model in share.models if model in evidence.models]
    named = {"model": ", ".join(models or share.models), "quantity": share.measured}
    if not models:
        return {**named, **no_verdict(NOT_RUN)}
    found_at_all = evidence.counted(models, share.terms, share.measured)
    if found_at_all.empty:
        why = "no coefficient of these terms was estimated"
        return {**named, **no_verdict(NOT_ESTIMABLE), "note": why}
    counted = found_at_all[~_on_few(found_at_all, evidence)]
    left_out = len(found_at_all) - len(counted)
    if counted.empty:
        why = (
            f"each of {left_out} estimates rests on fewer than {rule.minimum_firms} firms on a side"
        )
        return {**named, **no_verdict(TOO_FEW), "note": why}
    signed = SIGNS[share.expect] * counted["estimate"] > 0
    hits = int((signed & (counted["p_value"] < rule.significance)).sum())
    found = hits / len(counted)
    correlation = _correlation(counted, evidence)
    alike = _worth(share, counted, correlation, rule, seed)
    low, high = _wilson(found, alike, rule.significance)
    expected = _expected(share, share.effect, counted, correlation, rule, seed)
    least = _expected(share, share.least_effect, counted, correlation, rule, seed) or expected
    verdict, why = _verdict(share, found, (low, high), expected, least)
    shown = f"The {percent(1 - rule.significance)} interval is {_to(low, high)}"
    if alike < len(counted):
        shown += f", that of {alike:,.0f} independent estimates (the same firms are behind many)"
    count = f"{hits:,} of {len(counted):,} estimates are significant and {share.expect}"
    if left_out:
        count += (
            f" ({left_out} more, with fewer than {rule.minimum_firms} firms on a side, left out)"
        )
    return {
        **named,
        "unit": OF_ESTIMATES,
        "estimate": 100 * found,
        "std_error": 100 * np.sqrt(found * (1 - found) / alike),
        "ci_low": 100 * low,
        "ci_high": 100 * high,
        "truth": np.nan,
        "verdict": verdict,
        "verdict_literature": SUPPORTED if found >= share.claimed else CONTRADICTED,
        "code": "share",
        "reason": " ".join([f"{count}.", f"{shown}.", f"{why}.", *_told(expected, share)]),
    }


def _on_few(counted: pd.DataFrame, evidence: Evidence) -> NDArray[np.bool_]:
    """Return which estimates compare with too few firms: no verdict is given of them alone."""
    return np.array([place in evidence.few for place in places(counted)], dtype=bool)


def _wilson(share: float, n: float, level: float) -> tuple[float, float]:
    from statsmodels.stats.proportion import proportion_confint

    low, high = proportion_confint(share * n, n, alpha=level, method="wilson")
    return float(low), float(high)


def _worth(
    share: Share, counted: pd.DataFrame, correlation: Floats, rule: Rule, seed: int
) -> float:
    """Return of how many independent estimates the share found is as sure."""
    if not (counted["std_error"] > 0).all():
        return float(len(counted))
    statistics = SIGNS[share.expect] * counted["estimate"] / counted["std_error"]
    z = statistics.to_numpy(dtype=float)
    return worth(z, correlation, level=rule.significance, draws=rule.draws, seed=seed)


def _expected(
    share: Share,
    effect: float | None,
    counted: pd.DataFrame,
    correlation: Floats,
    rule: Rule,
    seed: int,
) -> ExpectedShare | None:
    """Return the share to expect if the claims hold, None where the claim does not say of what."""
    usable = counted[counted["std_error"] > 0]
    if effect is None or not share.if_true or len(usable) < len(counted):
        return None
    pairs = {(outcome, term) for outcome, terms in share.if_true.items() for term in terms}
    there = [pair in pairs for pair in zip(usable["outcome"], usable["term"], strict=True)]
    effects = np.where(there, effect, 0.0)
    errors = usable["std_error"].to_numpy(dtype=float)
    return expected_share(
        effects, errors, correlation, level=rule.significance, draws=rule.draws, seed=seed
    )


def _correlation(counted: pd.DataFrame, evidence: Evidence) -> Floats:
    """Return how the estimates of all countries and waves hang together.

    Within a wave as found; between waves of a country by the firms that are in both, which are
    asked the same years later; between countries, which share no firm, not at all.
    """
    records: Sequence[Mapping[str, Any]] = counted.to_dict(orient="records")
    keys = np.array([key_of(record["model"], record) for record in records], dtype=object)
    groups = counted.groupby(["country", "wave"], sort=False).indices
    places = {(str(country), str(wave)): which for (country, wave), which in groups.items()}
    matrix = np.eye(len(counted))
    for (country, wave), here in places.items():
        known = evidence.correlations.get((country, wave), {})
        matrix[np.ix_(here, here)] = matrix_of(keys[here], known)
        for (other, later), there in places.items():
            if other == country and later != wave:
                both = evidence.between_waves(country, wave, later)
                matrix[np.ix_(here, there)] = [
                    [both.get(one, {}).get(two, 0.0) for two in keys[there]] for one in keys[here]
                ]
    return matrix


def _verdict(
    share: Share,
    found: float,
    interval: tuple[float, float],
    expected: ExpectedShare | None,
    least: ExpectedShare | None,
) -> tuple[str, str]:
    """Return the verdict on a share and why: expected at the largest and the least effects."""
    (low, high), claimed = interval, share.claimed
    needed = max(claimed - share.margin, 0.0)
    if low > needed:
        return SUPPORTED, f"It lies above {percent(needed)} (the claimed share less a margin)"
    if expected is not None and least is not None:
        if found < least.low:
            small = "" if share.least_effect is None else ", however small the effects"
            return CONTRADICTED, f"These samples would show more if every claim held{small}"
        if expected.high < needed:
            return UNDECIDABLE, f"The claimed {percent(claimed)} is out of reach of these samples"
    elif high < claimed:
        return CONTRADICTED, f"It lies below the claimed {percent(claimed)}"
    return INCONCLUSIVE, f"That does not settle the claimed {percent(claimed)}"


def _to(low: float, high: float) -> str:
    return f"{100 * low:.3g} to {percent(high)}"


def _told(expected: ExpectedShare | None, share: Share) -> list[str]:
    if expected is None:
        return []
    how = "" if expected.together else ", were the estimates independent"
    size = f" with effects of {share.effect:g}" if share.least_effect else ""
    return [
        f"If every claim held{size}, {percent(expected.mean)} would be expected at these samples "
        f"(95 % of samples: {_to(expected.low, expected.high)}{how})."
    ]
