"""The specification curve beside a claim: it decides nothing, and a reader is told what it says."""

from __future__ import annotations

from cisflow.base.decimals import measured
from cisflow.claims.evidence import Here, Row
from cisflow.claims.reasons import number, percent
from cisflow.estimation.estimates import JOINT, OBSERVED, SHARE_POSITIVE, SHARE_SIGNIFICANT
from cisflow.study.claims import CurveOf

BAR = " | "


def with_curve(row: Row, curve: CurveOf | None, here: Here) -> Row:
    """Return the row of a verdict with what the claim's curve says in the same place.

    Returns
    -------
    dict
        ``curve`` names it (model, outcome, column, term), empty where it has not been estimated;
        ``asides`` has its sentence.
    """
    found = here.whole_curve(curve) if curve else {}
    if curve is None or OBSERVED not in found:
        return row
    name = BAR.join((curve.model, curve.outcome, curve.column, curve.term))
    told = _said(found, here.median_error(curve), here.specifications(curve))
    return {**row, "curve": name, "asides": [*row.get("asides", ()), told]}


def _said(found: dict[str, float], error: float, specifications: int) -> str:
    many = f"{specifications:,} specifications" if specifications else "all specifications"
    median = f"the median of {many} is {measured(found[OBSERVED], error)}"
    if JOINT not in found:  # pooled: the median alone
        return median
    return (
        f"{median}; {percent(found[SHARE_POSITIVE])} of them are positive and "
        f"{percent(found[SHARE_SIGNIFICANT])} significant with the sign that most have; if none "
        f"had an effect, as much or more would be seen with probability {number(found[JOINT])}"
    )
