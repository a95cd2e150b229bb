import re
import shutil
import subprocess

import pandas as pd
import pytest

from cisflow.publication.catalogue import TABLE, catalogue
from cisflow.publication.tables.latex import latex_table
from cisflow.publication.tables.layout import Table

LATEX = shutil.which("pdflatex")
MOST_OVER = 2.0  # points a box may stand out

needs_latex = pytest.mark.skipif(LATEX is None, reason="no pdflatex here")


def compiled(text, folder, name="t"):
    (folder / f"{name}.tex").write_text(text, encoding="utf-8")
    command = [LATEX, "-interaction=nonstopmode", f"{name}.tex"]
    for _ in range(2):  # a long table measures its columns in the first run
        subprocess.run(command, cwd=folder, capture_output=True, check=False)
    return (folder / f"{name}.log").read_text(encoding="utf-8", errors="replace")


def wrong(log):
    wide = re.findall(r"^Overfull \\[hv]box \(([\d.]+)pt", log, re.M)
    errors = re.findall(r"^! .*", log, re.M)
    return errors, [points for points in map(float, wide) if points > MOST_OVER]


def document(paper, folder, names):
    packages = ("booktabs", "array", "longtable", "pdflscape", "amsmath", "textcomp")
    used = "".join(f"\\usepackage{{{name}}}" for name in packages)
    body = "\n".join(f"\\input{{{folder}/{name}.tex}}\\clearpage" for name in names)
    return (
        f"\\documentclass[11pt,{paper}]{{article}}\\usepackage[T1]{{fontenc}}\\usepackage{{lmodern}}"
        f"\\usepackage[margin=1in]{{geometry}}{used}\\begin{{document}}{body}\\end{{document}}"
    )


@needs_latex
@pytest.mark.parametrize("paper", ["a4paper", "letterpaper"])
def test_all_tables_of_a_run_fit_a_page(synthetic, tmp_path, paper):
    names = []
    for item in catalogue(synthetic.settings, synthetic.models).of(TABLE):
        text = latex_table(item.made(synthetic), item.name)
        (tmp_path / f"{item.name}.tex").write_text(text, encoding="utf-8")
        names.append(item.name)
    log = compiled(document(paper, tmp_path.as_posix(), names), tmp_path, "all")
    assert wrong(log) == ([], [])


@needs_latex
def test_a_table_compiles_by_itself(tmp_path):
    frame = pd.DataFrame({"A": ["1.25*\n(0.31)", "n.e."], "B": ["−0.5", "100 %"]}, index=["a", "b"])
    log = compiled(latex_table(Table(frame, "Notes & more: 5 % [c]."), "t"), tmp_path)
    assert wrong(log) == ([], [])
    assert "Output written" in log


@needs_latex
@pytest.mark.parametrize("paper", ["a4paper", "letterpaper"])
def test_columns_of_capitals_and_long_words_fit_in_small_sizes(tmp_path, paper):
    """Letters of eight points are wider for their size than those of ten."""
    verdicts = pd.DataFrame(
        [["UUSUUU"] * 13, ["······"] * 13], index=["C1", "C2"], columns=range(13)
    )
    verdicts.columns = ["All countries", *(f"Country {j}" for j in range(12))]
    methods = pd.DataFrame(
        [["0.5"] * 6], index=["a heading of a row of many words, as long as it gets"]
    )
    methods.columns = [
        f"{how} {j}: Knapp–Hartung" for j, how in enumerate(["DerSimonian–Laird"] * 6)
    ]
    for name, frame in (("verdicts", verdicts), ("methods", methods)):
        text = latex_table(Table(frame, ""), name)
        (tmp_path / f"{name}.tex").write_text(text, encoding="utf-8")
    log = compiled(document(paper, tmp_path.as_posix(), ["verdicts", "methods"]), tmp_path, "all")
    assert wrong(log) == ([], [])


def test_numbers_are_parted_at_their_point():
    frame = pd.DataFrame({"A": ["−1.25***\n(0.31)", "n.e.", "221"]}, index=["a", "b", "c"])
    text = latex_table(Table(frame, ""), "t")
    assert "a & $-$1&.25{*}{*}{*}" in text
    assert r"\multicolumn{2}{c}{n.e.}" in text
    assert "c & 221&" in text


def test_more_columns_than_a_page_has_room_for_are_split():
    frame = pd.DataFrame({f"Column {j}": ["123456.789***"] for j in range(30)}, index=["row"])
    text = latex_table(Table(frame, "Notes."), "t")
    parts = text.count(r"\begin{longtable}")
    assert parts > 1
    assert f"(part {parts} of {parts})" in text
    assert text.count("Notes.") == 1


@needs_latex
def test_a_row_of_more_words_than_a_page_is_high_runs_over_to_the_next(tmp_path):
    line = "an estimate of many words that take two lines and more of its column"
    frame = pd.DataFrame({"A": ["\n".join([line] * 40)], "B": ["\n".join([line] * 3)]}, index=["a"])
    log = compiled(latex_table(Table(frame, "Notes."), "t"), tmp_path)
    assert wrong(log) == ([], [])
