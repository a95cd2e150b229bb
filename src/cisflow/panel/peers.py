"""What a firm's peers do: means over the other firms of its industry and region.

A peer is another firm of the same wave, the same broad industry and, where the wave tells it, the
same region. The firm itself is left out, so that the mean cannot hold its own answer; what drives
the firm and its peers alike still does both (Manski 1993), which whoever takes these means for
instruments has to argue away.
"""

from __future__ import annotations

import pandas as pd


def peer_cooperation(firms: pd.DataFrame) -> pd.Series:
    """Return the share of a firm's peers that cooperate on innovation, 0 to 1.

    Of the peers that were asked and answered, unweighted; null for a firm without such a peer or
    of unknown industry (or region, where the wave tells it).
    """
    return leave_one_out(firms, firms["coop_any"].astype("Float64"))


def peer_diversity(firms: pd.DataFrame) -> pd.Series:
    """Return the mean number of partner types in the portfolios of a firm's peers.

    Null as :func:`peer_cooperation`.
    """
    return leave_one_out(firms, firms["diversity"])


def leave_one_out(firms: pd.DataFrame, values: pd.Series) -> pd.Series:
    """Return the mean of ``values`` over the other firms of a firm's industry and region.

    Parameters
    ----------
    firms
        Firm records of one wave with ``industry``, shape (n, columns).
    values
        Shape (n,); firms without a value are nobody's peers, and have peers all the same.

    Returns
    -------
    pandas.Series
        Shape (n,), dtype ``float64``.
    """
    cells = ["industry", *(["region"] if firms["region"].notna().any() else [])]
    numbers = values.astype("float64")
    here = numbers.groupby([firms[cell] for cell in cells])
    known = numbers.notna()
    others = here.transform("count") - known
    total = here.transform("sum") - numbers.fillna(0.0)
    return (total / others.where(others > 0)).astype("float64")
