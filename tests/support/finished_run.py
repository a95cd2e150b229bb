"""The folder of a finished run on made-up firms, as the workflow leaves it."""

import pandas as pd
from disclosed import released, survey

from cisflow.base.records import write_record, write_table
from cisflow.publication.manifest import write_manifest
from cisflow.publication.tables.layout import lay_out
from cisflow.publication.tables.save import save_table
from cisflow.study.marks import marks_of, stamp_of

ITEMS = {
    "sample_flow": ("table", "tables.flow_table", "Sample flow", "", "", ""),
    "main_BE_W1": ("table", "tables.regression_table", "A regression", "BE", "W1", "main"),
    "outcomes_main": ("figure", "figures.outcome_figure", "Outcomes", "BE", "W1", "main"),
}
KEYS = ("kind", "function", "caption", "country", "wave", "models")


def finished_run(folder, panel=None, earlier=None, data="synthetic", unconfirmed=0, **models):
    """Write what a run of one country leaves, and return its folder and what was disclosed."""
    out = released(survey() if panel is None else panel, earlier=earlier, **models)
    stamp = stamp_of(data, unconfirmed)
    for name in ("microdata/BE", "estimates/BE", "sample", "rates", "description", "register"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    for name, found in out.estimates.items():
        write_table(found.table, folder / f"estimates/BE/{name}.csv", stamp)
        write_record(found.diagnostics, folder / f"estimates/BE/{name}.json", stamp)
    write_table(out.flow, folder / "sample/BE.csv", stamp)
    write_table(out.rates, folder / "rates/BE.csv", stamp)
    write_record(out.description, folder / "description/BE.json", stamp)
    write_record(out.register, folder / "register/BE.json", stamp)
    out.sets.write(folder / "microdata/BE/sets.npz")
    _publish(folder, data, unconfirmed)
    return folder, out


def _publish(folder, data, unconfirmed):
    publication = folder / "publication"
    cells = pd.DataFrame({"Firms": ["400", "c"], "Mean": ["1.5", "c"]}, index=["Firms", "Group"])
    for name, item in ITEMS.items():
        if item[0] == "table":
            table = lay_out(cells, []).headed(item[2], marks_of(data, unconfirmed), "stamped")
            save_table(table, publication / "tables", name, ("csv", "docx"))
    (publication / "figures").mkdir(exist_ok=True)
    (publication / "figures/outcomes_main.png").write_bytes(b"\x89PNG made up")
    for name in ("paper.pdf", "supplement.pdf"):
        (publication / name).write_bytes(b"%PDF made up")
    (publication / "index.html").write_text("<!doctype html><title>Made up</title>\n")
    (publication / "claims.csv").write_text("claim,verdict\nc1,holds\n")
    rows = [{"exhibit": name, **dict(zip(KEYS, item, strict=True))} for name, item in ITEMS.items()]
    pd.DataFrame(rows).to_csv(publication / "exhibits.csv", index=False)
    settings = {"run": "madeup", "title": "A study", "data": data, "seed": 1} | {
        "unconfirmed": unconfirmed
    }
    sources = {section: {} for section in ("inputs", "config", "lock", "code")}
    registers = sorted((folder / "register").glob("*.json"))
    write_manifest(publication / "manifest.json", settings, sources, registers)
