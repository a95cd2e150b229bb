"""A survey of the CIS type that no codebook knows: own names, answers in words, SYNTHETIC."""

from pathlib import Path

import numpy as np
import pandas as pd

PARTNERS = {
    "suppl": "Suppliers of equipment, materials or software",
    "cust": "Customers or clients",
    "riv": "Competitors or other enterprises in your sector",
    "cons": "Consultants or commercial labs",
    "uni": "Universities or other higher education institutions",
    "gov": "Government or public research institutes",
    "grp": "Other enterprises within your enterprise group",
}
PLACES = {"nat": "in the same country", "abr": "abroad"}
ACTIVITIES = [
    "Food products",
    "Textiles",
    "Chemicals",
    "Machinery",
    "Metal products",
    "Retail trade",
]
IMPORTANCE = ["Not important", "Low", "Medium", "High", "Don't know"]


def survey(n: int = 400, seed: int = 7) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the extract as text, and its table of labels."""
    rng = np.random.default_rng(seed)

    def yes_no(p, asked=None):
        answer = np.where(rng.random(n) < p, "Yes", "No")
        return answer if asked is None else np.where(asked, answer, "")

    goods, methods = yes_no(0.45), yes_no(0.4)
    active = (goods == "Yes") | (methods == "Yes")
    staff = np.round(np.exp(rng.normal(4, 1, n))).astype(int) + 10
    sales = np.round(staff * np.exp(rng.normal(5.2, 0.6, n))).astype(int)  # thousand euro
    new = rng.integers(0, 30, n) / 100
    market = rng.integers(0, 20, n) / 100
    shared = goods == "Yes"

    def fraction(values):
        return np.where(shared, [f"{v:.2f}".replace(".", ",") for v in values], "")

    rd = yes_no(0.5, active)
    spent = np.where(rd == "Yes", np.round(sales * rng.uniform(0.005, 0.06, n)).astype(int), -1)
    partner = yes_no(0.45, active)
    frame = {
        "FirmNo": [f"F{i:05d}" for i in range(n)],
        "branch": rng.choice(ACTIVITIES, n),
        "staff_2016": staff,
        "staff_2014": np.maximum(staff - 3, 10),
        "sales_2016": sales,
        "in_group": yes_no(0.3),
        "new_goods": goods,
        "new_methods": methods,
        "sh_old": fraction(1 - new - market),
        "sh_firm": fraction(new),
        "sh_mkt": fraction(market),
        "rd_own": rd,
        "rd_own_k": ["" if s < 0 else str(s) for s in spent],
        "partner_any": partner,
    }
    labels = {
        "FirmNo": "Firm identification number",
        "branch": "Main economic activity of the enterprise",
        "staff_2016": "Number of employees in 2016",
        "staff_2014": "Number of employees in 2014",
        "sales_2016": "Total turnover in 2016 (thousand EUR)",
        "in_group": "Is your enterprise part of an enterprise group?",
        "new_goods": "Introduced new or significantly improved goods or services",
        "new_methods": "Introduced new or significantly improved production methods",
        "sh_old": "Share of turnover from unchanged or only marginally modified products",
        "sh_firm": "Share of turnover from products only new to your enterprise",
        "sh_mkt": "Share of turnover from products new to the market",
        "rd_own": "Did the enterprise perform in-house R&D?",
        "rd_own_k": "Expenditure on in-house R&D (thousand EUR)",
        "partner_any": "Cooperation on innovation with other organisations",
    }
    for short, who in PARTNERS.items():
        for place, where in PLACES.items():
            frame[f"p_{short}_{place}"] = yes_no(0.35, partner == "Yes")
            labels[f"p_{short}_{place}"] = f"Cooperation with: {who}, {where}"
    frame["imp_cust"] = rng.choice(IMPORTANCE, n)
    labels["imp_cust"] = "Importance of information source: customers"
    frame["remarks"] = rng.choice(["", "see mail"], n)
    labels["remarks"] = "Interviewer's remarks"
    table = pd.DataFrame({"item": list(labels), "question text": list(labels.values())})
    return pd.DataFrame(frame).astype(str), table


def write(folder: Path) -> tuple[Path, Path]:
    """Write the extract (semicolons, decimal commas, Latin-1) and its labels."""
    frame, labels = survey()
    extract, beside = folder / "firms2016.csv", folder / "questions.csv"
    frame.to_csv(extract, sep=";", index=False, encoding="latin-1")
    labels.to_csv(beside, index=False)
    return extract, beside
