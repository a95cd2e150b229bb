"""Aggregates that leave a safe centre, and what must agree before those of several are pooled.

An export holds tidy estimates, diagnostics, sample flows and descriptions, and ``export.json``,
which says how they came about. It holds no firm's value, and no count below the centre's minimum.
"""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from cisflow import __version__
from cisflow.base.thresholds import is_small, splits_off_few
from cisflow.study.exports import (
    FORMAT,
    MANIFEST,
    NO_SERIES,
    SETTINGS,
    industries_digest,
    sha256,
)
from cisflow.study.series import series_of
from cisflow.study.settings import Settings

COUNTS = ("n", "nobs", "n_lower", "n_upper", "firms", "rows")


def write_export(
    out: Path | str,
    files: Mapping[str, Path | str],
    settings: Settings,
    models: Mapping[str, str],
    industries: Mapping[str, Any],
    quality: Sequence[Mapping[str, Any]] = (),
) -> None:
    """Pack a run's aggregates; the same aggregates give the same bytes.

    Parameters
    ----------
    out
        The archive.
    files
        Estimates, diagnostics, sample flows and descriptions by their name in the archive.
    settings
        The run's checked config.
    models
        Digest of each model's specification (:func:`cisflow.study.digests.spec_digest`).
    industries
        The industry groups, as ``config/nace.yaml`` has them.
    quality
        Quality records, from which years and breaks of the series are told; nothing else of them.
    """
    minimum, written = settings.minimum_cell, settings.as_params()
    series = {**dict.fromkeys(settings.countries, NO_SERIES), **series_of(quality)}
    contents = {name: _safe(Path(file), minimum) for name, file in files.items()}
    about = {
        "format": FORMAT,
        "cisflow": __version__,
        **{key: written[key] for key in ("run", "title", "data", "minimum_cell")},
        "settings": {key: written[key] for key in SETTINGS},
        "industries": industries_digest(industries),
        "countries": {
            code: {
                "name": country.name,
                "waves": list(country.waves),
                "accounts": country.accounts is not None,
                "attributes": country.attributes or {},
                "series": series[code],
            }
            for code, country in settings.countries.items()
        },
        "models": dict(models),
        "files": {name: sha256(content) for name, content in sorted(contents.items())},
    }
    text = json.dumps(about, indent=1, ensure_ascii=False) + "\n"
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in sorted({**contents, MANIFEST: text.encode()}.items()):
            info = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, content)


def _safe(file: Path, minimum: int) -> bytes:
    """Return a file's content without counts that are too small to leave the centre."""
    text = file.read_text(encoding="utf-8")
    if file.suffix == ".json":
        record = _without_few(json.loads(text), minimum)
        return (json.dumps(record, indent=1, ensure_ascii=False) + "\n").encode()
    rows = list(csv.reader(io.StringIO(text)))
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(rows[0])
    writer.writerows(_row_without_few(rows[0], row, minimum) for row in rows[1:])
    return out.getvalue().encode()


def _row_without_few(names: Sequence[str], row: Sequence[str], minimum: int) -> list[str]:
    """Return a row of estimates in which no limit holds, or lacks, too few firms."""
    values = dict(zip(names, row, strict=True))
    n = float(values.get("n") or "nan")
    for name in ("n_lower", "n_upper"):
        if values.get(name) and splits_off_few(float(values[name]), n, minimum):
            values[name] = ""
    if is_small(n, minimum):
        values["n"] = ""
    return list(values.values())


def _without_few(value: Any, minimum: int, *, counted: bool = False) -> Any:
    """Return a record whose counts of firms are null where they are too small."""
    if isinstance(value, dict):
        return {
            key: _without_few(inner, minimum, counted=key in COUNTS or key == "dropped" or counted)
            for key, inner in value.items()
        }
    if isinstance(value, list):
        return [_without_few(inner, minimum, counted=counted) for inner in value]
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return None if counted and number and is_small(value, minimum) else value
