"""A small good survey and small good accounts, from which tests make bad ones."""

from pathlib import Path

import numpy as np
import pandas as pd

CODEBOOK = """
title: A small survey
extends: eurostat/common
reference_year: 2004
money: {currency: EUR, unit: thousand}
nace: {revision: "1.1"}
shares: {sum_to_100: [share_unchanged, share_new_firm, share_new_market], complete_blanks: true}
blocks:
  shares: {asked_if: product_innovation}
  spending: {asked_if: innovation_active}
  cooperation: {asked_if: innovation_active}
  partners: {asked_if: coop_any}
  sources: {codes: degree, asked_if: innovation_active}
variables:
  firm_id: {name: ID}
  nace: {name: NACE}
  employees: {name: EMP}
  turnover: {name: [TURN, TURNM]}
  product_innovation: {any_of: [INPDGD, INPDSV]}
  process_innovation: {name: INPS}
  share_unchanged: {name: TURNUNG}
  share_new_firm: {name: TURNIN}
  share_new_market: {name: TURNMAR, screen: {name: NEWMKT}}
  rd_internal: {name: RRDINX, screen: {name: RRDIN, no_is_zero: true}}
  coop_any: {name: CO}
  coop_suppliers_domestic: {name: CO21}
  coop_suppliers_foreign: {any_of: [CO22, CO23]}
  source_clients: {name: SCLI}
  protect_patent: {name: PROPAT, required: false}
"""

# One firm per line. 1 cooperates; 2 does not; 3 is not active; 4 is active by its process alone;
# 5 did not answer on products and processes; 6 is a service firm that answered though filtered.
HEADER = [
    *("ID", "NACE", "EMP", "TURN", "INPDGD", "INPDSV", "INPS", "TURNUNG", "TURNIN", "TURNMAR"),
    *("NEWMKT", "RRDIN", "RRDINX", "CO", "CO21", "CO22", "CO23", "SCLI"),
]
FIRMS = [
    "0001 15.11 10 2000.5 1 0 1 60 30 10 1 1 12 1 1 0 1 3",
    "0002 D24   25 5000 0 1 0 70 30 _ 0 0 _ 0 _ _ _ 0",
    "0003 29    70 9000 0 0 0 _ _ _ _ _ _ _ _ _ _ _",
    "0004 15_16 300 80000 0 0 1 _ _ _ _ 1 . 1 0 0 0 1",
    "0005 37    12 _ _ _ _ _ _ _ _ _ _ _ _ _ _ _",
    "0006 74    40 3000 0 0 0 100 _ _ _ _ 5 _ 1 _ _ _",
]


SIZE_CLASS = (
    "  weight: {name: WEIGHT}\n  size_class: {name: SIZE, codes: size_class, required: false}\n"
)


def good_survey() -> pd.DataFrame:
    """Return sixty product innovators and ten firms without innovations, who answer as asked."""
    n = 60
    rng = np.random.default_rng(5)
    market, firm = rng.integers(5, 20, n), rng.integers(5, 20, n)
    employees = np.resize([12, 60, 400], n)
    innovators = pd.DataFrame(
        {
            "ID": [f"{i:04d}" for i in range(n)],
            "NACE": "15",
            "EMP": employees,
            "SIZE": np.resize([1, 2, 3], n),
            "TURN": employees * 150,  # thousands
            "WEIGHT": np.resize([1.5, 4, 2.5], n),
            **dict.fromkeys(["INPDGD", "NEWMKT", "RRDIN"], 1),
            "INPDSV": 0,
            "INPS": np.resize([0, 1], n),
            "TURNUNG": 100 - market - firm,
            "TURNIN": firm,
            "TURNMAR": market,
            "RRDINX": employees,
            "CO": np.resize([1, 0], n),
            "CO21": np.resize([1, None, 0, None], n),
            "CO22": np.resize([0, None, 1, None], n),
            "CO23": np.resize([0, None], n),
            "SCLI": np.resize([2, 2, 1, 1], n),
        }
    )
    others = innovators.head(10).assign(ID=[f"9{i:03d}" for i in range(10)], INPDGD=0, INPS=0)
    asked_of_innovators = [*innovators.columns[innovators.columns.get_loc("TURNUNG") :]]
    others[[*asked_of_innovators, "NEWMKT", "RRDIN"]] = None
    return pd.concat([innovators, others], ignore_index=True).convert_dtypes()


# Identifiers and single firms' values in the files below, and what tests put in their place.
SECRETS = ("0001", "0002", "80000", "2000.5", "BE7", "300.5", "secret")


def assert_in_words(message: str) -> None:
    """Assert that a refusal says what to do, tells of no single firm and shows no code."""
    assert "nothing was written" in message
    lines = message.splitlines()[1:]
    assert [line.strip()[:1] == "→" for line in lines] == [False, True] * (len(lines) // 2)
    remedies = [line.strip(" →") for line in lines[1::2]]
    assert all(len(remedy.split()) > 1 for remedy in remedies), message
    for trace in ("Traceback", "Error:", "Exception", 'File "', "pandas", "numpy", "object at"):
        assert trace not in message
    for secret in SECRETS:
        assert secret not in message


def firms() -> pd.DataFrame:
    """Return the raw survey as text, blanks as empty strings."""
    rows = [["" if cell == "_" else cell for cell in firm.split()] for firm in FIRMS]
    return pd.DataFrame(rows, columns=HEADER)


def codebook_folders(tmp_path: Path, root: Path, text: str = CODEBOOK, name: str = "small"):
    """Write a codebook and return the folders in which it and the project's own are found."""
    (tmp_path / f"{name}.yaml").write_text(text, encoding="utf-8")
    return [tmp_path, root / "config" / "codebooks"]


def accounts() -> pd.DataFrame:
    """Return an export of company accounts: unnamed first column, headers with unit and year."""
    return pd.DataFrame(
        {
            "": ["1.", "2.", "3."],
            "Company name": ["A", "B", "C"],
            "BvD ID number": ["BE0001", "BE0002", "BE0003"],
            "Operating revenue (Turnover)\nth EUR 2006": [1000.0, "n.a.", 300.5],
            "Operating revenue (Turnover)\nth EUR 2005": [900.0, "n.a.", 250],
            "Added value\nth EUR 2006": [400, "n.a.", -20],
            "Costs of employees\nth EUR\n2006": [250, "n.s.", 80],
            "P/L before tax\nm EUR 2006": [0.05, "n.a.", "-"],
            "P/L before tax\nth EUR Last avail. yr": [50, "n.a.", -1],
            "Number of employees\n2006": [12, "n.a.", 7],
        }
    )


def write_accounts(frame: pd.DataFrame, path: Path, sheet: str = "Results") -> Path:
    """Write accounts as an Excel workbook and return its path."""
    import xlsxwriter

    with xlsxwriter.Workbook(str(path)) as workbook:
        page = workbook.add_worksheet(sheet)
        for j, name in enumerate(frame.columns):
            page.write(0, j, name)
            for i, value in enumerate(frame[name], start=1):
                page.write(i, j, value)
    return path
