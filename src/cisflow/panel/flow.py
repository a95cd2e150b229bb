"""The sample flow: what is told of each restriction."""

from __future__ import annotations

from typing import Any

import pandas as pd

from cisflow.base.thresholds import MINIMUM_CELL, is_small


def control_flow(flow: pd.DataFrame, minimum: int = MINIMUM_CELL) -> pd.DataFrame:
    """Return a sample flow in which no single step drops, or ends with, too few firms.

    A step that drops fewer than ``minimum`` firms is told together with the next one (the last
    step with the one before it), so that no difference between two steps describes a few firms.
    Where even that leaves a small number, ``firms`` and ``lost`` are null.

    Parameters
    ----------
    flow
        Columns country, wave, model, step, restriction, firms, lost (and others whose names
        begin with ``lost``); steps in order.
    minimum
        Smallest number of firms that may be shown.
    """
    parts = []
    for _, steps in flow.groupby(["country", "wave", "model"], sort=False):
        merged: list[dict[str, Any]] = []
        for step in steps.sort_values("step").to_dict(orient="records"):
            if merged and is_small(merged[-1]["lost"], minimum):
                step = _together(merged.pop(), step)
            merged.append(step)
        if len(merged) > 1 and is_small(merged[-1]["lost"], minimum):
            last = merged.pop()
            merged.append(_together(merged.pop(), last))
        parts.append(pd.DataFrame(merged))
    if not parts:
        return flow.copy()
    told = pd.concat(parts, ignore_index=True)
    told["step"] = told.groupby(["country", "wave", "model"], sort=False).cumcount()
    too_few = told["firms"].between(1, minimum - 1)
    columns = ["firms", *(name for name in told if name.startswith("lost"))]
    told[columns] = told[columns].astype("Int64")
    told.loc[too_few, columns] = pd.NA
    return told


def _together(first: dict[str, Any], then: dict[str, Any]) -> dict[str, Any]:
    """Return two steps of a sample flow as one."""
    losses = [name for name in then if name.startswith("lost")]
    return {
        **then,
        "restriction": f"{first['restriction']}; {then['restriction']}",
        **{name: first[name] + then[name] for name in losses},
    }
