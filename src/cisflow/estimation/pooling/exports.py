"""Aggregates that leave a safe centre, and what must agree before those of several are pooled.

An export holds tidy estimates, diagnostics, sample flows and descriptions, and ``export.json``,
which says how they came about. All of them passed the gate (:mod:`cisflow.release`).
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from cisflow import __version__
from cisflow.study.exports import FORMAT, MANIFEST, NO_SERIES, SETTINGS, industries_digest, sha256
from cisflow.study.series import series_of
from cisflow.study.settings import Settings


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
    written = settings.as_params()
    series = {**dict.fromkeys(settings.countries, NO_SERIES), **series_of(quality)}
    contents = {name: Path(file).read_bytes() for name, file in files.items()}
    about = {
        "format": FORMAT,
        "cisflow": __version__,
        **{key: written[key] for key in ("run", "title", "data", "minimum_cell")},
        "unconfirmed": settings.unconfirmed,
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
