"""An export of a made-up centre, and the same with something in it that no centre wrote."""

import hashlib
import json
import zipfile
from pathlib import Path

from cisflow.base.records import write_record, write_table
from cisflow.estimation.estimates import ESTIMATES
from cisflow.estimation.pooling.exports import write_export
from cisflow.panel.sample import FLOW
from cisflow.study.marks import stamp_of
from cisflow.study.settings import Settings

NACE = {"groups": [{"label": "Wood", "divisions": {"2": [16]}}]}
BREAK = {"from": 2008, "text": "New questions", "source": "made up", "verified": "inferred"}
QUALITY = [{"country": "NL", "wave": "CIS4", "reference_year": 2004, "breaks": [BREAK]}]
CONFIG = {
    "run": "centre",
    "title": "A centre",
    "data": "synthetic",
    "seed": 1,
    "minimum_cell": 5,
    "models": ["m"],
    "countries": {
        "NL": {
            "name": "Netherlands",
            "waves": {"CIS4": {"file": "x.csv", "codebook": "x"}},
            "attributes": {"gdp": 33},
        }
    },
}
MODELS = {"m": "abc"}
PLACE = {"country": "NL", "wave": "CIS4", "model": "m"}
ROW = {**PLACE, "outcome": "radical", "column": "a"}
TERMS = [
    {"term": "coop_any", "estimate": 1.5, "std_error": 0.5, "n": 100, "n_lower": 97, "n_upper": 3},
    {"term": "small", "estimate": 0.5, "std_error": 0.25, "n": 100, "n_lower": 50, "n_upper": 0},
]
FITS = [{"wave": "CIS4", "n_lower": 3, "dropped": {"x": 2}, "k": 2}]


def sources(folder, stamp="SYNTHETIC"):
    """Write one model's aggregates as the stages do, and return the files by name."""
    files = [f"estimates/NL/m.{end}" for end in ("csv", "json")]
    files = {name: folder / name for name in (*files, "sample/NL.csv", "description/NL.json")}
    for path in files.values():
        path.parent.mkdir(parents=True, exist_ok=True)
    estimates = ESTIMATES.frame(({**ROW, **term} for term in TERMS), status="estimated")
    flow = FLOW.frame([{**PLACE, "step": 0, "restriction": "all", "firms": 100, "lost": 0}])
    write_table(estimates, files["estimates/NL/m.csv"], stamp)
    write_record({**PLACE, "fits": FITS}, files["estimates/NL/m.json"], stamp)
    write_table(flow, files["sample/NL.csv"], stamp)
    write_record({"country": "NL", "samples": []}, files["description/NL.json"], stamp)
    return files


def made_up_export(folder, unconfirmed=0):
    """Return the archive of a centre with one model, of whose variables some are unconfirmed."""
    out = Path(folder, "export.zip")
    files = sources(Path(folder, "centre"), stamp_of("synthetic", unconfirmed))
    settings = Settings.model_validate({**CONFIG, "unconfirmed": unconfirmed})
    write_export(out, files, settings, MODELS, NACE, QUALITY)
    return out


def contents(export):
    """Return the files of an export by name."""
    with zipfile.ZipFile(export) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def forged(export, changes=(), about=lambda about: about):
    """Put files into an export, with their digests, and let ``about`` change its description."""
    files = {**contents(export), **dict(changes)}
    said = json.loads(files.pop("export.json"))
    said["files"] = {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}
    files["export.json"] = json.dumps(about(said) or said).encode()
    with zipfile.ZipFile(export, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return export
