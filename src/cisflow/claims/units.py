"""In which unit an estimate is, in words a reader knows."""

from __future__ import annotations

from cisflow.panel.constructs import CONSTRUCTS, NOVELTY, SPENDING
from cisflow.panel.ratios import ratio_and_lag
from cisflow.study.balance_terms import SCALES, split_column
from cisflow.study.claims import COEFFICIENT
from cisflow.study.variables import Kind, panel_kinds

STANDARD = "standard deviations"
POINTS = "points of turnover"
LATENT = "points of latent turnover share"
PROBABILITY = "probability"
OF_ESTIMATES = "% of the estimates"
KINDS = panel_kinds((), {})
OF_OUTCOME = {
    "protection": "means of protection",
    "profit_margin": "points of profit margin",
    "personnel_cost_share": "points of value added",
    "return_on_assets": "points of return on assets",
    "labour_productivity": "thousands per employee",
}


def unit_of(outcome: str, column: str, quantity: str, *, censored: bool) -> str:
    """Return the unit of an effect on an outcome.

    Parameters
    ----------
    outcome, column, quantity
        As the estimates call them.
    censored
        Whether the outcome has rows at a limit, so that its coefficients are of the latent share.

    Examples
    --------
    >>> unit_of("radical", "grouped", "observed", censored=True)
    'points of turnover'
    >>> unit_of("profit_margin", "standardised", "coefficient", censored=False)
    'standard deviations'
    """
    if quantity == "probability" or KINDS.get(outcome) == Kind.FLAG:
        return PROBABILITY
    if split_column(column)[0] == SCALES[0] or outcome.startswith("standardise("):
        return STANDARD
    known = CONSTRUCTS.get(outcome)
    if known and known.topic == NOVELTY:
        latent = quantity == "latent" or (quantity == COEFFICIENT and censored)
        return LATENT if latent else POINTS
    if known and known.topic == SPENDING:
        return POINTS
    at_lag = ratio_and_lag(outcome)
    return OF_OUTCOME.get(at_lag[0] if at_lag else outcome, "units of the outcome")
