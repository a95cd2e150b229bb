"""Numbers of a paper's main table, held against the estimates they were made of."""

import re
from math import floor, isfinite, log10
from pathlib import Path

import pandas as pd
import pypdf

from cisflow.publication.words import label


def in_print(value, error):
    """Return a number with two significant digits of its standard error, by a rule of our own."""
    decimals = max(1 - floor(log10(error)), 0)
    text = f"{value:.{decimals}f}"
    return text.replace("-", "−") if float(text) else text.lstrip("-")


def bare(text):
    """Return a text without stars and blanks, in which rows of a table are one string."""
    return re.sub(r"[\s*]", "", text)


def text_of_pdf(file):
    """Return all text of a PDF, bare."""
    return bare("".join(page.extract_text() for page in pypdf.PdfReader(file).pages))


def rows_expected(estimates, waves):
    """Return each row of the main table as it must stand in the paper, and how many numbers it has.

    Parameters
    ----------
    estimates
        File of the leading regression's estimates.
    waves
        In the order of the config.
    """
    table = pd.read_csv(Path(estimates), dtype={"wave": str})
    table = table[table["quantity"] == "observed"]
    table = table[table["cov_type"] == table["cov_type"].iloc[0]]
    outcomes = list(dict.fromkeys(table["outcome"]))
    plain = table[~table["column"].str.contains(": ")]
    controls = set.intersection(*(set(of["term"]) for _, of in plain.groupby("column")))
    for (column, term), of in plain.groupby(["column", "term"], sort=False):
        if term in controls:
            continue
        cells = of.set_index(["outcome", "wave"])[["estimate", "std_error"]]
        wanted = [(outcome, wave) for outcome in outcomes for wave in waves]
        numbers = [cells.loc[key] for key in wanted if key in cells.index]
        if len(numbers) == len(wanted) and all(
            isfinite(b) and e > 0 for b, e in map(tuple, numbers)
        ):
            told = (f"{in_print(b, e)}({in_print(e, e)})" for b, e in map(tuple, numbers))
            yield bare(label(term) + "".join(told)), 2 * len(numbers), column


def compared(paper, estimates, waves):
    """Return how many numbers of a paper are those of the estimates, and which rows are not."""
    text = text_of_pdf(paper)
    rows = list(rows_expected(estimates, waves))
    missing = [row for row, *_ in rows if row not in text]
    return sum(n for row, n, _ in rows if row in text), missing


def compared_run(results, country, waves):
    """Return the same of a finished run, whose main table is of its leading regression."""
    (table,) = Path(results, "publication/tables").glob(f"main_*_{country}.csv")
    model = table.stem.removeprefix("main_").removesuffix(f"_{country}")
    estimates = Path(results, "estimates", country, f"{model}.csv")
    return compared(Path(results, "publication/paper.pdf"), estimates, waves)
