"""The loss of firms without accounts through the gate: shares by class, and the logit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from cisflow.disclosure.regressions import why_not_fit, why_not_terms
from cisflow.estimation.common import without_few
from cisflow.estimation.evidence import ROW, of_design
from cisflow.panel.attrition import (
    NUMBERS,
    SELECTIVITY_COLUMNS,
    Selectivity,
    Share,
    accounts_at,
    attrition,
    selectivity,
)
from cisflow.release.gate import Gate

WAVE, CLASS = 200.0, 1.0


@dataclass(frozen=True)
class Loss:
    """Who is lost at one lag: the shares, the logits, and on whom these rest."""

    lag: int | None
    shares: list[Share]
    logits: list[Selectivity]
    evidence: dict[str, dict[str, Any]] = field(default_factory=dict)


def losses_of(panel: pd.DataFrame, lags: Sequence[int], fewest: int) -> list[Loss]:
    """Return who is lost at the run's lag, and at each of several further lags."""
    found = [_loss(panel, None, fewest)]
    for lag in lags if len(lags) > 1 else ():
        found.append(_loss(panel.assign(has_accounts=accounts_at(panel, lag)), lag, fewest))
    return found


def _loss(panel: pd.DataFrame, lag: int | None, fewest: int) -> Loss:
    shares = list(attrition(panel))
    if lag is not None:
        shares = [share for share in shares if share.by == "all"]
    logits = list(selectivity(panel, fewest))
    evidence = {}
    numbered = panel.assign(**{ROW: range(len(panel))})
    for logit in logits:
        if logit.fit is not None:
            rows = logit.fit.model.rows
            firms = numbered.loc[rows.data.index[rows.kept]]
            evidence[logit.wave] = of_design(rows.X, rows.names, firms, linear=False)
    return Loss(lag, shares, logits, evidence)


def note_losses(gate: Gate, losses: Sequence[Loss]) -> None:
    """Note which firms have accounts, and which not, in every class of every wave."""
    for loss in losses:
        classes: dict[tuple[str, str], list[Any]] = {}
        whole = {share.wave: share for share in loss.shares if share.by == "all"}
        for share in loss.shares:
            total = whole[share.wave]
            firms, kept = gate.mask(share.firms), gate.mask(share.kept)
            place = _place(loss, share)
            cost = WAVE if share is total else CLASS
            if len(total.kept) == len(total.firms):  # of all firms anyway, and told as that
                gate.note((place, "all"), firms, cost)
                gate.note((place, "yes"), kept, cost)
                gate.note((place, "no"), firms & ~kept, cost)
            else:
                gate.note_answers(place, firms, kept, cost)
            classes.setdefault((share.wave, share.by), []).append(place)
        for (wave, by), places in classes.items():
            if by != "all":
                for answer in ("all", "yes", "no"):
                    parts = [(place, answer) for place in places]
                    gate.note_parts((_place(loss, whole[wave]), answer), parts)
        for wave, evidence in loss.evidence.items():
            gate.note(("logit", loss.lag, wave), evidence["rows"], CLASS)


def _place(loss: Loss, share: Share) -> tuple[Any, ...]:
    return "accounts", loss.lag, share.wave, share.by, share.group


def told_losses(gate: Gate, losses: Sequence[Loss], file: str) -> dict[str, Any]:
    """Return who is lost between survey and accounts, as far as it may be told.

    Returns
    -------
    dict
        ``shares`` and ``selectivity``: plain JSON types, null where withheld; ``lags`` has one such
        record, with its ``lag``, for each of several lags.
    """
    first, *others = (
        {
            "shares": [_told_share(gate, loss, share, file) for share in loss.shares],
            "selectivity": [
                row for logit in loss.logits for row in _told_logit(gate, loss, logit, file)
            ],
        }
        for loss in losses
    )
    lags = [{"lag": loss.lag, **told} for loss, told in zip(losses[1:], others, strict=True)]
    return {**first, "lags": lags}


def _told_share(gate: Gate, loss: Loss, share: Share, file: str) -> dict[str, Any]:
    place = _place(loss, share)
    why = gate.why(*((place, answer) for answer in ("all", "yes", "no")))
    words = f"accounts, {share.wave}, {share.group}"
    shown = gate.decided(file, words, "firms with accounts", why)
    n, kept = len(share.firms), len(share.kept)
    if n:
        gate.register[file]["firms"][words] = n if shown else None
    return {
        "wave": share.wave,
        "by": share.by,
        "group": share.group,
        "firms": n if shown else None,
        "with_accounts": kept if shown else None,
        "share": kept / n if shown and n else None,
        "suppressed": not shown,
    }


def _told_logit(gate: Gate, loss: Loss, logit: Selectivity, file: str) -> list[dict[str, Any]]:
    empty = dict.fromkeys(SELECTIVITY_COLUMNS)
    place = f"logit of having accounts, {logit.wave}"
    if logit.fit is None:
        note = without_few(logit.reason, gate.profile.minimum_cell)
        return [{**empty, "wave": logit.wave, "term": "", "note": note}]
    evidence = loss.evidence[logit.wave]
    why = why_not_fit(evidence, gate.profile)
    if not gate.decided(file, place, "all coefficients", why):
        return [{**empty, "wave": logit.wave, "term": "", "note": why}]
    hidden = why_not_terms(evidence, gate.profile)
    size = gate.why(("logit", loss.lag, logit.wave))
    rows = []
    for found in logit.rows:
        row = {**empty, **found, "n": None if size else found["n"]}
        why = hidden.get(row["term"], "")
        if not gate.decided(file, f"{place}, {row['term']}", "coefficient", why):
            row |= {**dict.fromkeys(NUMBERS), "note": why}
        rows.append(row)
    return rows
