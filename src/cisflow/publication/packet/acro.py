"""The packet in the layout of acro's folders, which SACRO's viewer opens."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from cisflow.disclosure.magnitudes import DOMINANT, SAME, SINGLE, WEIGHED
from cisflow.disclosure.regressions import FEW_DF, LARGEST
from cisflow.estimation.estimates import ESTIMATED, FOUND, SIZES
from cisflow.estimation.estimates import WITHHELD as STATUS
from cisflow.publication.packet.outputs import Output
from cisflow.publication.words import WITHHELD
from cisflow.study.disclosure import Profile

VERSION = "1.0.2"  # of acro, which loads its own version alone; the viewer takes 0.4 and later
THRESHOLD = "MinimumThresholdCheck"
# What acro calls the check that withheld a number; all others are of groups that are too small.
CHECKS = {
    **dict.fromkeys((DOMINANT, WEIGHED, LARGEST), "NKCheck"),
    **dict.fromkeys((SAME, SINGLE), "AllSameValuesCheck"),
    FEW_DF: "MinimumDoFCheck",
}
TYPES = {"table": "table", "sample flow": "table", "rates": "table"}
MITIGATED = "Suppression automatically applied where needed"
NOT_TABLES = "Not a table: see what the sheet says of it"


def results(outputs: Iterable[Output], folder: Path, date: str, marks: str) -> dict[str, Any]:
    """Return ``results.json`` of a packet whose files lie in a folder already."""
    outputs = [*outputs]
    named = Counter(output.name for output in outputs)
    uids = [f"{o.kind}_{o.name}" if named[o.name] > 1 else o.name for o in outputs]
    results = {
        uid: _result(uid, o, folder, date, marks) for uid, o in zip(uids, outputs, strict=True)
    }
    return {"version": VERSION, "results": results}


def _result(uid: str, output: Output, folder: Path, date: str, marks: str) -> dict[str, Any]:
    cells = {name: _cells(folder / name) for name in output.files}
    by_check: dict[str, int] = {}
    for why, count in output.withheld.items():
        check = CHECKS.get(why, THRESHOLD)
        by_check[check] = by_check.get(check, 0) + count
    kind = TYPES.get(output.kind, "regression" if output.kind.endswith("estimates") else "custom")
    reviewed = by_check or output.low or kind == "custom"
    told = "; ".join(f"{check}: {count} numbers suppressed" for check, count in by_check.items())
    mitigation = {"mitigation": "suppress" if by_check else "none"} if kind == "table" else {}
    return {
        "uid": uid,
        "status": "review" if reviewed else "pass",
        "type": kind,
        "properties": {"method": output.kind.removesuffix(" estimates"), **mitigation},
        "files": [
            {"name": name, "sdc": {"summary": by_check, "cells": where}}
            for name, where in cells.items()
        ],
        "outcome": {},
        "command": f"cisflow release: {output.caption}",
        "summary": "; ".join(filter(None, ("review" if reviewed else "pass", output.size, told))),
        "timestamp": f"{date}T00:00:00" if date else "",
        "comments": [marks, *output.explain],
        "exception": MITIGATED if by_check else NOT_TABLES if kind == "custom" else "",
        "fair": {},
    }


def _cells(file: Path) -> dict[str, list[list[int]]]:
    """Return by check the cells that were withheld, from 0 behind the first column."""
    if file.suffix != ".csv":
        return {}
    table = pd.read_csv(file, dtype=str, keep_default_na=False)
    checks = np.full(table.shape, "", dtype=object)
    checks[table.eq(WITHHELD)] = THRESHOLD
    where = table.columns.get_indexer
    if "status" in table:  # estimates: whole rows, or what tells the number of firms
        withheld = table["status"].eq(STATUS)
        for i in np.flatnonzero(withheld):
            check = CHECKS.get(table["note"][i], THRESHOLD)
            checks[i, where([*FOUND, *SIZES])] = check
        no_size = np.flatnonzero(table["status"].eq(ESTIMATED) & table["n"].eq(""))
        checks[np.ix_(no_size, where(["n"]))] = THRESHOLD
    elif "firms" in table:
        checks[np.ix_(np.flatnonzero(table["firms"].eq("")), where(["firms"]))] = THRESHOLD
    if "suppressed" in table:
        checks[np.ix_(np.flatnonzero(table["suppressed"].eq("True")), where(["rate"]))] = THRESHOLD
    found: dict[str, list[list[int]]] = {}
    for row, column in np.argwhere(checks != ""):
        found.setdefault(checks[row, column], []).append([int(row), int(column) - 1])
    return found


def risk_profile(profile: Profile) -> dict[str, Any]:
    """Return ``config.json``: our thresholds under acro's keys, and those it has no key for."""
    minimum = profile.minimum_cell
    return {
        "safe_threshold": minimum,
        "safe_dof_threshold": profile.residual_df,
        "safe_nk_n": profile.dominance.firms,
        "safe_nk_k": profile.dominance.share / 100,
        "safe_pratio_p": profile.p_percent / 100,
        "check_missing_values": False,
        "survival_safe_threshold": minimum,
        "zeros_are_disclosive": False,
        "safe_round_base": minimum,
        "federated": False,
        "blocked_extensions": [".svg"],
        "suppress": True,
        "rules": profile.title,
        "support": profile.support,
        "leverage": profile.leverage,
    }


def write_checksums(folder: Path) -> None:
    """Write the SHA-256 of every file of a folder as acro does, without a line break."""
    files = sorted(file for file in folder.iterdir() if file.is_file())
    (folder / "checksums").mkdir()
    for file in files:
        digest = hashlib.sha256(file.read_bytes()).hexdigest()
        (folder / "checksums" / f"{file.name}.txt").write_text(digest, encoding="ascii")
