"""A small survey to be reviewed: its file, its labels, its codebook and its config."""

import numpy as np
import pandas as pd
import yaml

FIRMS = 200
LABELS = {
    "id": ("Identification number of the firm", ""),
    "nace": ("Main activity, NACE Rev. 2", ""),
    "emp16": ("Number of employees in 2016", ""),
    "emp14": ("Number of employees in 2014", ""),
    "turn16": ("Total turnover in 2016", ""),
    "grp": ("Is the firm part of an enterprise group?", "1=Yes; 2=No"),
    "prd": ("Introduced new or improved goods or services", "1=Yes; 2=No"),
    "s_new": ("Percentage of turnover from products new to the market", ""),
    "s_firm": ("Percentage of turnover from products new to the firm", ""),
    "s_same": ("Percentage of turnover from unchanged products", ""),
    "co": ("Did the firm cooperate on innovation with others?", "1=Yes; 2=No"),
    "k1h": ("Cooperated with suppliers in own country", "1=Yes; 2=No"),
    "k1a": ("Cooperated with suppliers abroad", "1=Yes; 2=No"),
    "k2h": ("Cooperated with clients in own country", "1=Yes; 2=No"),
    "k2a": ("Cooperated with clients abroad", "1=Yes; 2=No"),
    "tr1": ("Trained its staff in the use of machines", "1=Yes; 2=No"),
    "tr2": ("Trained its staff in the use of software", "1=Yes; 2=No"),
    "wine": ("Grows wine", "1=Yes; 2=No"),
}
VARIABLES = {
    "firm_id": {"name": "id"},
    "nace": {"name": "nace"},
    "employees": {"name": "emp16"},
    "employees_lag2": {"name": "emp14"},
    "turnover": {"name": "turn16"},
    "group": {"name": "grp"},
    "product_innovation": {"name": "prd"},
    "share_new_market": {"name": "s_new"},
    "share_new_firm": {"name": "s_firm"},
    "share_unchanged": {"name": "s_same"},
    "coop_any": {"name": "co"},
    "coop_suppliers_domestic": {"name": "k1h"},
    "coop_suppliers_foreign": {"name": "k1a"},
    "coop_clients_domestic": {"name": "k2h"},
    "coop_clients_foreign": {"name": "k2a"},
}
CODEBOOK = {
    "title": "An invented survey",
    "extends": "eurostat/common",
    "reference_year": 2016,
    "codes": {"yes_no": {"1": True, "2": False}},
    "nace": {"revision": "2"},
    "shares": {"sum_to_100": ["share_unchanged", "share_new_firm", "share_new_market"]},
    "blocks": {"partners": {"asked_if": "coop_any"}},
}


def answers() -> pd.DataFrame:
    """Return the file, shape (200, columns); each firm's turnover is its own."""
    rng = np.random.default_rng(7)

    def yes_no(share: float) -> np.ndarray:
        return np.where(rng.random(FIRMS) < share, 1, 2)

    staff = rng.integers(10, 400, FIRMS)
    product = yes_no(0.5)
    new, firm = (np.where(product == 1, rng.integers(0, 80, FIRMS) // 2, 0) for _ in "ab")
    together = yes_no(0.6)
    file = {
        "id": np.arange(70001, 70001 + FIRMS),
        "nace": rng.choice(["10", "20", "28", "46"], FIRMS),
        "emp16": staff,
        "emp14": np.maximum(staff - rng.integers(-5, 20, FIRMS), 1),
        "turn16": staff * 100_000 + rng.integers(0, 90_000, FIRMS),
        "grp": yes_no(0.3),
        "prd": product,
        "s_new": new,
        "s_firm": firm,
        "s_same": 100 - new - firm,
        "co": together,
        **{k: np.where(together == 1, yes_no(0.5), 0) for k in ("k1h", "k1a", "k2h", "k2a")},
        "tr1": yes_no(0.5),
        "tr2": yes_no(0.5),
        "wine": np.where(np.arange(FIRMS) < 3, 1, 2),
    }
    blanks = {column: {"0": ""} for column in ("k1h", "k1a", "k2h", "k2a")}
    return pd.DataFrame(file).astype(str).replace(blanks)


def write_case(folder, *, labels=None, data=None, codebook=None, config=None, **variables):
    """Write a project to review, with entries of variables changed, and return its config.

    Parameters
    ----------
    labels, data
        In the place of those above.
    codebook, config
        Keys that differ.
    variables
        Entries that differ; None takes one away.
    """
    raw = folder / "raw"
    raw.mkdir(parents=True)
    (answers() if data is None else data).to_csv(raw / "f.csv", index=False)
    rows = [(name, *told) for name, told in (labels or LABELS).items()]
    pd.DataFrame(rows, columns=["variable", "label", "codes"]).to_csv(
        raw / "labels.csv", index=False
    )
    entries = {v: e for v, e in {**VARIABLES, **variables}.items() if e is not None}
    book = {**CODEBOOK, **(codebook or {}), "variables": entries}
    (folder / "book.yaml").write_text(yaml.safe_dump(book, sort_keys=False))
    wave = {"file": str(raw / "f.csv"), "codebook": str(folder / "book.yaml")}
    document = {
        "run": "nl",
        "title": "A run",
        "data": "real",
        "seed": 1,
        "countries": {"NL": {"name": "Netherlands", "waves": {"2016": wave}}},
        "models": ["faems2005"],
        **(config or {}),
    }
    file = folder / "nl.yaml"
    file.write_text(yaml.safe_dump(document, sort_keys=False))
    return file
