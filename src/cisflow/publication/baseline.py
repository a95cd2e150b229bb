"""Save the published numbers of a run, and say later which of them moved.

For continuous integration: a change of code or data that moves a published number is seen.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from cisflow.base.problems import CisflowError, Problem
from cisflow.estimation.estimates import COEFFICIENT, FOUND, HETEROGENEITY, SIZES
from cisflow.study.choices import choices_in
from cisflow.study.tolerances import BaselineSettings, Kept

# What tells one published row from another.
PLACE = ("model", "country", "wave")
QUANTITY = "quantity"
TERM = ("outcome", "column", "term", QUANTITY)
KEYS = ("claim", *PLACE, *TERM, "cov_type", "weights", "method")
KEPT = {"model": "models", "country": "countries", "cov_type": "cov_types"}
VERDICTS = ("verdict", "verdict_literature")
TEXTS = (*VERDICTS, "status", "note")
COUNTS = (*SIZES, "k", "places", "df")
NUMBERS = (*FOUND, *(q for q in HETEROGENEITY if q not in COUNTS))
COLUMNS = (*KEYS, *TEXTS, *NUMBERS, *COUNTS)
IN_ERRORS = ("estimate", "ci_low", "ci_high", "pi_low", "pi_high")  # moves in standard errors
ROW = (*KEYS, "copy")
CHANGES = (*KEYS, "dummy", "kind", "number", "old", "new", "move")

# What became of a row or of a number in it, the gravest first.
VERDICT, STATUS, GONE, NEW, COUNT, NOTE, NUMBER = KINDS = (
    *("verdict", "status", "gone", "new", "count", "note", "number"),
)
# Six digits are more than a paper prints, and fewer than processors disagree on.
DIGITS, WHOLE = "%.6g", "%.12g"
DRAWN = ("bootstrap", "monte_carlo")
LEVEL = r"(?:mean\()?C\([^\[\]]+\)\[[^\]]*\]\)?"
NOISE = 1e-9


def published_rows(results: Path, keep: Kept | None = None) -> pd.DataFrame:
    """Return what a run publishes, a row per coefficient, finding and verdict.

    Parameters
    ----------
    keep
        Which rows are wanted; all when not given.

    Returns
    -------
    pandas.DataFrame
        Columns :data:`COLUMNS`, all text, empty where a row has none.

    Raises
    ------
    CisflowError
        The folder holds no estimates.
    """
    tables = sorted((results / "estimates").rglob("*.csv"))
    if not tables:
        remedy = "run the pipeline first; name the folder results/<run>"
        raise CisflowError(results.as_posix(), Problem("there are no estimates", remedy))
    tables += [file for file in (results / "claims.csv",) if file.is_file()]
    frames = [pd.read_csv(file, dtype=str, keep_default_na=False) for file in tables]
    frames = [frame.reindex(columns=list(COLUMNS), fill_value="") for frame in frames]
    rows = pd.concat(frames, ignore_index=True)
    for columns, digits in ((NUMBERS, DIGITS), (COUNTS, WHOLE)):
        for column in columns:
            rows[column] = [digits % float(text) if text else "" for text in rows[column]]
    # The estimate and its standard error say as much.
    rows.loc[rows["std_error"] != "", "statistic"] = ""
    rows = _kept(rows.drop_duplicates(), keep or Kept())
    return rows.sort_values(list(KEYS), kind="stable").reset_index(drop=True)


def _kept(rows: pd.DataFrame, keep: Kept) -> pd.DataFrame:
    wanted = rows["claim"] != ""
    if not keep.further:  # a claim's own test is the first of its rows
        wanted &= rows.groupby(["claim", "country", "wave"]).cumcount() == 0
    inside = rows["claim"] == ""
    for column, key in KEPT.items():
        if names := getattr(keep, key):
            inside &= rows[column].isin(["", *names])
    inside &= keep.dummies | ~_is_dummy(rows)
    inside &= keep.specifications | ~_is_specification(rows)
    return rows[wanted | inside]


def _is_dummy(rows: pd.DataFrame) -> pd.Series:
    return rows["term"].str.fullmatch(LEVEL)


def _is_specification(rows: pd.DataFrame) -> pd.Series:
    return rows["column"].map(choices_in).astype(bool)


def save_baseline(results: Path, file: Path, keep: Kept | None = None) -> int:
    """Write what a run publishes, and return how many rows it has."""
    rows = published_rows(results, keep)
    file.parent.mkdir(parents=True, exist_ok=True)
    told = [column for column in rows if column in KEYS or rows[column].any()]
    rows[told].to_csv(file, index=False, lineterminator="\n", encoding="utf-8")
    return len(rows)


def read_baseline(file: Path, keep: Kept | None = None) -> pd.DataFrame:
    """Return a baseline as :func:`published_rows` returns a run.

    Raises
    ------
    CisflowError
        There is none, or its columns are not those of one.
    """
    if not file.is_file():
        remedy = "save one first: cisflow baseline save RUN"
        raise CisflowError(file.as_posix(), Problem("there is no such baseline", remedy))
    rows = pd.read_csv(file, dtype=str, keep_default_na=False)
    if "claim" in rows and QUANTITY not in rows:  # saved by a version that had coefficients alone
        rows[QUANTITY] = rows["claim"].eq("").map({True: COEFFICIENT, False: ""})
    if not {*KEYS} <= {*rows.columns} <= {*COLUMNS}:
        what = "not a baseline of this version of cisflow: its columns are others"
        raise CisflowError(file.as_posix(), Problem(what, "save it again"))
    return _kept(rows.reindex(columns=list(COLUMNS), fill_value=""), keep or Kept())


def changes(old: pd.DataFrame, new: pd.DataFrame, settings: BaselineSettings) -> pd.DataFrame:
    """Return what differs by more than it may.

    Parameters
    ----------
    old, new
        A baseline and what is published now, both as :func:`published_rows` returns them.
    settings
        The tolerances.

    Returns
    -------
    pandas.DataFrame
        Columns :data:`CHANGES`: one row per number that moved, or per row of which more than a
        number changed. ``move`` is in standard errors for estimates and bounds, a share for
        standard errors, as it stands for the others; null where there is nothing to measure.
    """
    # Rows that nothing else tells apart are told apart by their order, which a run keeps.
    numbered = [rows.assign(copy=rows.groupby(list(KEYS)).cumcount()) for rows in (old, new)]
    both = numbered[0].merge(
        numbered[1], how="outer", on=list(ROW), suffixes=("_old", "_new"), indicator="side"
    )
    both["dummy"] = _is_dummy(both)
    shared = both[both["side"] == "both"]
    restated = shared["status_old"] != shared["status_new"]
    parts = [
        _told(both[both["side"] == "left_only"], GONE),
        _told(both[both["side"] == "right_only"], NEW),
        *(_differing(shared, number, VERDICT) for number in VERDICTS),
        _differing(shared, "status", STATUS),
        # What a new status empties or fills is told with it.
        _differing(shared[~restated], "note", NOTE),
        *(_differing(shared[~restated], number, COUNT) for number in COUNTS),
        *(_moved(shared[~restated], number, settings) for number in NUMBERS),
    ]
    return pd.concat([part for part in parts if len(part)] or parts[:1], ignore_index=True)


def _told(rows: pd.DataFrame, kind: str, number: str = "", move: Any = np.nan) -> pd.DataFrame:
    old, new = ((rows[f"{number}_{age}"] if number else "") for age in ("old", "new"))
    found = rows.assign(kind=kind, number=number, old=old, new=new, move=move)
    return found[list(CHANGES)]


def _differing(rows: pd.DataFrame, number: str, kind: str) -> pd.DataFrame:
    return _told(rows[rows[f"{number}_old"] != rows[f"{number}_new"]], kind, number)


def _moved(rows: pd.DataFrame, number: str, settings: BaselineSettings) -> pd.DataFrame:
    """Return the rows whose number moved by more than it may, or is new or gone."""
    texts = rows[f"{number}_old"], rows[f"{number}_new"]
    old, new = (pd.to_numeric(text) for text in texts)
    unit, allowed = _measure(rows, number, old, settings)
    move = (new - old) / unit
    beyond = ((new - old).abs() > allowed * unit + NOISE) | (old.isna() != new.isna())
    return _told(rows[beyond], NUMBER, number, move[beyond])


def _measure(
    rows: pd.DataFrame, number: str, old: pd.Series, settings: BaselineSettings
) -> tuple[pd.Series, pd.Series]:
    """Return the unit in which a number's move is measured, and how many of them it may move."""
    usual, loose = settings.tolerances, settings.drawn
    drawn = rows["cov_type"].str.startswith(DRAWN) | (rows["claim"] != "")
    error = pd.to_numeric(rows["std_error_old"])
    size, one = old.abs(), pd.Series(1.0, rows.index)
    known = error > 0

    def by_draws(exact: float, random: float) -> pd.Series:
        return (one * exact).mask(drawn, random)

    if number == "estimate":
        share = drawn & ~known
        return error.where(known, size).mask(share, 1), (one * usual.estimate).mask(
            share, loose.share
        )
    if number in IN_ERRORS:
        return error.where(known, size), by_draws(usual.interval, loose.interval)
    if number == "std_error":
        return size, by_draws(usual.std_error, loose.std_error)
    if number in ("p_value", "q_p"):
        return one, by_draws(usual.p_value, loose.p_value)
    small = (error**2).where(known, 1) if number == "tau2" else one
    return np.maximum(size, small), one * usual.statistic


# --- the report --------------------------------------------------------------------------------


def check_baseline(results: Path, file: Path, settings: BaselineSettings) -> dict[str, Any]:
    """Hold a run against its baseline.

    Parameters
    ----------
    file
        A baseline, as :func:`save_baseline` writes it.
    settings
        What is compared, and the tolerances.

    Returns
    -------
    dict
        In plain JSON types: ``same``; ``rows``, how many are published now; ``verdicts``, those
        that changed; ``models``, per model, country and wave what moved, the farthest first;
        ``claims`` and ``dummies``, how many rows on claims and of dummies moved; ``changes``, all
        of it row by row.

    Raises
    ------
    CisflowError
        There is no baseline, or no estimates.
    """
    old, new = read_baseline(file, settings.keep), published_rows(results, settings.keep)
    found = changes(old, new, settings)
    of_claim, dummy = found["claim"] != "", found["dummy"].astype(bool)
    verdict = found["kind"] == VERDICT
    every = pd.concat([rows.loc[rows["claim"] == "", list(KEYS)] for rows in (old, new)])
    sizes = every.drop_duplicates().groupby(list(PLACE)).size()
    places = found[~of_claim & ~dummy].groupby(list(PLACE))
    models = [_place(place, rows, int(sizes[place])) for place, rows in places]
    return {
        "same": found.empty,
        "rows": len(new),
        "verdicts": [_verdict(row, found) for row in _records(found[verdict])],
        "models": sorted(models, key=lambda place: -_far(place["farthest"])),
        "claims": _few(found[of_claim & ~verdict]),
        "dummies": _few(found[dummy]),
        "changes": _records(found),
    }


def _verdict(row: dict[str, Any], found: pd.DataFrame) -> dict[str, Any]:
    """Return a changed verdict with the move of the estimate it rests on, if that moved."""
    same = (found[list(KEYS)] == pd.Series({key: row[key] for key in KEYS})).all(axis=1)
    moved = found[same & (found["number"] == "estimate")]
    return {**row, "estimate": _farthest(moved)}


def _place(place: Iterable[str], rows: pd.DataFrame, size: int) -> dict[str, Any]:
    """Return what moved of a model in one country and wave."""
    of = {kind: rows[rows["kind"] == kind] for kind in KINDS}
    numbers = of[NUMBER]["number"]
    return {
        **dict(zip(PLACE, place, strict=True)),
        "rows": size,
        "differ": _rows_in(rows),
        "moved": _rows_in(of[NUMBER]),
        "farthest": _farthest(of[NUMBER][numbers.isin(IN_ERRORS)]),
        "std_errors": _farthest(of[NUMBER][numbers == "std_error"]),
        "others": sorted({*numbers} - {*IN_ERRORS, "std_error"}),
        "counts": _grouped(of[COUNT], "number", "old", "new"),
        "statuses": _grouped(of[STATUS], "old", "new"),
        "notes": _grouped(of[NOTE], "old", "new"),
        NEW: _grouped(of[NEW], "kind"),
        GONE: _grouped(of[GONE], "kind"),
    }


def _grouped(rows: pd.DataFrame, *by: str) -> list[dict[str, Any]]:
    """Return changes that are alike once, with how many rows and which terms they are about."""
    return [
        {**dict(zip(by, alike, strict=True)), "rows": _rows_in(of), "terms": sorted({*of["term"]})}
        for alike, of in rows.groupby(list(by))
    ]


def _few(rows: pd.DataFrame) -> dict[str, Any]:
    counts = {kind: _rows_in(rows[rows["kind"] == kind]) for kind in KINDS}
    told = {kind: count for kind, count in counts.items() if count}
    numbers = rows[rows["number"].isin(IN_ERRORS)]
    return {"rows": _rows_in(rows), **told, "farthest": _farthest(numbers)}


def _farthest(rows: pd.DataFrame) -> dict[str, Any] | None:
    """Return the number that moved most; None if none did by a measure."""
    known = rows[rows["move"].notna()]
    return _records(known.loc[[known["move"].abs().idxmax()]])[0] if len(known) else None


def _far(change: Mapping[str, Any] | None) -> float:
    return abs(change["move"]) if change else 0.0


def _rows_in(rows: pd.DataFrame) -> int:
    return len(rows[list(KEYS)].drop_duplicates())


def _records(rows: pd.DataFrame) -> list[dict[str, Any]]:
    return list(_plain(rows))


def _plain(rows: pd.DataFrame) -> Iterator[dict[str, Any]]:
    for row in rows.to_dict(orient="records"):
        move = row["move"]
        measured = None if not np.isfinite(move) else round(float(move), 6)
        yield {**row, "dummy": bool(row["dummy"]), "move": measured}
