"""Thresholds of disclosure control: how few firms are too few to speak of."""

from __future__ import annotations

MINIMUM_CELL = 3
"""Fewest rows of which the command tells on the screen; what is published obeys the profile."""
FEWEST_LEFT = 10
"""Where groups leave fewer of all firms over than this, how large the groups are is not told."""

# Classes of a share of turnover between its limits, in percent.
SHARE_EDGES = (0, 10, 25, 50, 75, 100)


def is_small(firms: float, minimum: int = MINIMUM_CELL) -> bool:
    """Return whether a count of firms may not be shown; zero firms may."""
    return 0 < firms < minimum
