"""What more than two samples say of the same effect: once over all of them, not one by one."""

from __future__ import annotations

from collections.abc import Sequence

from cisflow.publication.paper.numbers import Context
from cisflow.publication.words import count

ONE_BY_ONE = 2
"""So many samples are told of one by one."""


def spread(found: Sequence[Context]) -> Context:
    """Return between which ends some samples' estimates lie, and on which side of zero they are.

    Parameters
    ----------
    found
        Per sample its ``place`` and what :func:`cisflow.publication.paper.effects.told` returns.

    Returns
    -------
    dict
        Empty for samples that are told of one by one. ``of`` is how many samples have an estimate,
        ``all`` how many there are; ``above`` and ``below`` count intervals wholly beyond zero;
        ``unsure`` are the samples whose interval holds zero, ``least`` and ``most`` the ends.
    """
    known = sorted((f for f in found if f["estimate"]), key=lambda f: f["at"])
    if len(found) <= ONE_BY_ONE or len(known) <= ONE_BY_ONE:
        return {}
    apart = [f for f in known if not f["zero"]]
    return {
        "of": len(known),
        "all": len(found),
        "above": sum(f["more"] for f in apart),
        "below": sum(not f["more"] for f in apart),
        "unsure": [f["place"] for f in found if f["estimate"] and f["zero"]],
        "least": known[0],
        "most": known[-1],
    }


def ends(sizes: Sequence[float]) -> Context:
    """Return the least and the most of some counts, in words; empty of none."""
    return {"least": count(min(sizes)), "most": count(max(sizes))} if len(sizes) else {}
