"""What an effect costs and what it returns: the paths of a total effect, sorted and added up.

The return is the sum of all paths from source to target that pass one variable, the cost the sum of
all others. As every path is one or the other, cost and return add up to the total effect, here
called the balance. Whether the cost exceeds the return is the same question as whether the balance
is below zero.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from cisflow.estimators.errors import refuse
from cisflow.estimators.path.intervals import bca_interval, percentile_p, signs
from cisflow.estimators.path.moments import Estimates
from cisflow.estimators.path.results import PathResults
from cisflow.estimators.path.system import ARROW, HEADING, Path, System, sum_of_products


@dataclass(frozen=True)
class PartNames:
    """How the parts of a total effect are called; ``{}`` of ``through`` is a variable."""

    cost: str = "cost"
    direct: str = "cost: direct"
    through: str = "cost: through {}"
    others: str = "cost: other paths"
    returns: str = "return"
    balance: str = "balance"


NAMES = PartNames()


@dataclass(frozen=True)
class Decomposition:
    """Parts of a total effect with what the bootstrap says of each.

    Attributes
    ----------
    names
        The parts; single paths under their own name.
    point : ndarray, shape (parts,)
    draws : ndarray, shape (draws, parts)
        The same over the resamples.
    left_out : ndarray, shape (units, parts)
        Without one unit each, for the acceleration of BCa intervals.
    """

    names: tuple[str, ...]
    point: np.ndarray
    draws: np.ndarray
    left_out: np.ndarray

    def less(self, other: Decomposition) -> Decomposition:
        """Return the difference to the decomposition of other, independent firms.

        Draws are paired at random, as samples of different firms are independent; the influence of
        each firm on the difference is its influence on its own term.
        """
        size = min(len(self.draws), len(other.draws))
        own = self.left_out - self.left_out.mean(axis=0)
        its = other.left_out - other.left_out.mean(axis=0)
        gap = self.point - other.point
        draws = self.draws[:size] - other.draws[:size]
        return Decomposition(self.names, gap, draws, gap + np.vstack([own, -its]))

    def of(self, other: Decomposition) -> Decomposition:
        """Return the parts alone that another decomposition has too, in its order."""
        at = [self.names.index(name) for name in other.names]
        return Decomposition(other.names, self.point[at], self.draws[:, at], self.left_out[:, at])

    def less_paired(self, other: Decomposition) -> Decomposition:
        """Return the difference to another decomposition of the same firms.

        Draw by draw, as both rest on the same resamples.

        Raises
        ------
        EstimationError
            If resamples of either failed, so that draws cannot be told by their place.
        """
        if self.draws.shape != other.draws.shape or self.left_out.shape != other.left_out.shape:
            what = "the two balances do not have the same resamples"
            refuse(HEADING, what, "fit both to the same firms with the same seed")
        gap, draws = self.point - other.point, self.draws - other.draws
        return Decomposition(self.names, gap, draws, self.left_out - other.left_out)

    def share_negative(self, name: str) -> float:
        """Return the share of resamples in which a part is below zero."""
        return float((signs(self.draws[:, self.names.index(name)]) < 0).mean())

    def table(self, alpha: float = 0.05) -> list[dict[str, Any]]:
        """Return one record per part.

        Keys: ``part estimate std_error statistic`` (by the standard deviation of the resamples),
        ``p_value ci_low ci_high`` (percentiles) and ``bca_low bca_high`` (bias-corrected and
        accelerated; not a number where all resamples lie on one side of the estimate).
        """
        tails = np.array([alpha / 2, 1 - alpha / 2])
        error = self.draws.std(axis=0, ddof=1)
        low, high = np.quantile(self.draws, tails, axis=0)
        bca_low, bca_high = bca_interval(self.point, self.draws, self.left_out, tails)
        error = np.where(error == 0, np.nan, error)  # no such path: zero by assumption
        statistic = self.point / error
        columns = {
            "std_error": error,
            "statistic": statistic,
            "p_value": percentile_p(self.draws),
            "ci_low": low,
            "ci_high": high,
            "bca_low": bca_low,
            "bca_high": bca_high,
        }
        return [
            {
                "part": name,
                "estimate": float(self.point[i]),
                **{
                    key: float(values[i]) if np.isfinite(error[i]) else np.nan
                    for key, values in columns.items()
                },
            }
            for i, name in enumerate(self.names)
        ]


def parts_of(
    system: System,
    source: str,
    target: str,
    return_through: str,
    cost_through: str,
    names: PartNames = NAMES,
) -> dict[str, list[Path]]:
    """Sort the paths of a total effect into what costs and what returns.

    Returns
    -------
    dict
        Part → its paths: ``cost``, ``cost: direct``, ``cost: through {cost_through}``,
        ``cost: other paths`` (only where there are any), ``return``, ``balance``, and every path
        by its own name.

    Raises
    ------
    EstimationError
        If a variable is not in the model, or there is no path that returns or none that costs.
    """
    system.require(source, target, return_through, cost_through)
    paths = system.paths(source, target)
    through = {path.label: set(path.label.split(ARROW)[1:-1]) for path in paths}
    returns = [p for p in paths if return_through in through[p.label]]
    costs = [p for p in paths if p not in returns]
    for found, way in ((returns, f"passes '{return_through}'"), (costs, "leads past it")):
        if not found:
            what = f"no path from '{source}' to '{target}' {way}: there is nothing to balance"
            remedy = "draw the arrows, or choose another variable for `return_through`"
            refuse(HEADING, what, remedy)
    direct = [p for p in costs if len(p.arrows) == 1]
    personnel = [p for p in costs if cost_through in through[p.label]]
    others = [p for p in costs if p not in direct and p not in personnel]
    return {
        names.cost: costs,
        names.direct: direct,
        names.through.format(cost_through): personnel,
        **({names.others: others} if others else {}),
        names.returns: returns,
        names.balance: paths,
        **{p.label: [p] for p in paths},
    }


def decompose(
    fit: PathResults, source: str, target: str, parts: Mapping[str, Sequence[Path]]
) -> dict[str, Decomposition]:
    """Add up the paths of each part, raw and standardised.

    Parameters
    ----------
    fit
        A path model fitted with resamples (``bootstrap=…``).
    source, target
        From where to where; they give the unit of the standardised effect.
    parts
        From :func:`parts_of`.

    Returns
    -------
    dict
        ``"standardised"`` (standard deviations of the target per standard deviation of the source)
        and ``"raw"`` (the variables' own units).

    Raises
    ------
    EstimationError
        Without resamples.
    """
    if fit.draws is None:
        remedy = "fit with bootstrap={'draws': 5000, 'seed': 1}"
        refuse(HEADING, "a balance needs resamples", remedy)
    system = fit.firms.system
    s, t = system.position[source], system.position[target]

    def raw(found: Estimates) -> np.ndarray:
        return np.stack([sum_of_products(found.coef, list(p)) for p in parts.values()], axis=1)

    def standardised(found: Estimates) -> np.ndarray:
        return raw(found) * (found.sd[:, s] / found.sd[:, t])[:, None]

    return {
        scale: Decomposition(
            tuple(parts), of(fit.found)[0], of(fit.draws), of(fit.left_out_estimates)
        )
        for scale, of in (("standardised", standardised), ("raw", raw))
    }


def horizon(balances: Mapping[int, float]) -> str:
    """Say in words in which year a balance turns from cost to return, by its estimates alone.

    Parameters
    ----------
    balances
        Estimated balance by years since the survey; years without an estimate are left out, and
        nothing is read into the time between two of them.
    """
    years = sorted(balances)
    if not years:
        return "no balance was estimated in any year"
    span = f"years {years[0]} to {years[-1]}" if len(years) > 1 else f"year {years[0]} alone"
    signs = [balances[year] >= 0 for year in years]
    turns = [i for i in range(1, len(years)) if signs[i] != signs[i - 1]]
    if not turns:
        state = "positive" if signs[0] else "negative"
        return f"the estimated balance is {state} throughout ({span}): it does not turn"
    if len(turns) == 1:
        before, after = ("not negative", "negative") if signs[0] else ("negative", "not negative")
        last, first = years[turns[0] - 1], years[turns[0]]
        never = ": it does not turn to a return" if signs[0] else ""
        return (
            f"the estimated balance is {before} up to year {last} and {after} from year {first} "
            f"on ({span}){never}"
        )
    negative = ", ".join(str(year) for year, up in zip(years, signs, strict=True) if not up)
    return (
        f"the sign of the estimated balance changes {len(turns)} times ({span}; negative in "
        f"{negative})"
    )
