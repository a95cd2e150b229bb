import csv
import io
import zipfile

import pandas as pd
import pytest

from cisflow.publication.tables.layout import lay_out
from cisflow.publication.tables.regressions import regression_table
from cisflow.publication.tables.samples import flow_table
from cisflow.publication.tables.save import FORMATS, KEPT, read_table, save_table
from cisflow.study.marks import marks_of


def stamped(table):
    return table.headed("A table", marks_of("synthetic", 0), "SYNTHETIC")


@pytest.mark.parametrize(("words", "width"), [(2, "auto"), (30, "fr")])
def test_a_long_first_column_leaves_room_for_the_others(synthetic, tmp_path, words, width):
    rows = ["Complete answers " * words, "short"]
    frame = pd.DataFrame({f"W{i}": ["1,000 (−300)"] * 2 for i in range(4)}, index=rows)
    save_table(lay_out(frame, []), tmp_path, "t")
    columns = (tmp_path / "t.typ").read_text().split("columns: (")[1].split(")")[0].split(", ")
    assert columns[1:] == ["1fr"] * 4
    assert columns[0].endswith(width)
    if width == "fr":
        assert 1 < float(columns[0].removesuffix("fr")) < 6


def test_saved_tables_are_the_same_bytes_again(synthetic, tmp_path):
    for folder in ("one", "two"):
        table = regression_table(synthetic, "BE", "CIS2", "faems2005")
        save_table(table, tmp_path / folder, "t")
    for ending in FORMATS:
        one, two = ((tmp_path / f / f"t.{ending}").read_bytes() for f in ("one", "two"))
        assert one == two, ending


@pytest.mark.parametrize(
    "make", [flow_table, lambda f: regression_table(f, "BE", "CIS2", "faems2005")]
)
def test_a_table_that_is_kept_is_set_to_the_same_bytes(synthetic, tmp_path, make):
    table = stamped(make(synthetic))
    save_table(table, tmp_path / "made", "t", (KEPT, *FORMATS))
    save_table(read_table(tmp_path / f"made/t.{KEPT}"), tmp_path / "read", "t")
    for ending in FORMATS:
        made, read = ((tmp_path / f / f"t.{ending}").read_bytes() for f in ("made", "read"))
        assert made == read, ending


def test_word_files_carry_no_time_of_making(synthetic, tmp_path):
    save_table(stamped(flow_table(synthetic)), tmp_path, "t")
    with zipfile.ZipFile(tmp_path / "t.docx") as archive:
        assert {info.date_time for info in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert "SYNTHETIC" in archive.read("word/document.xml").decode()


def test_csv_has_one_line_per_row_and_a_stamp(synthetic, tmp_path):
    table = stamped(regression_table(synthetic, "BE", "CIS2", "faems2005"))
    save_table(table, tmp_path, "t")
    rows = list(csv.reader(io.StringIO((tmp_path / "t.csv").read_text(encoding="utf-8"))))
    assert len(rows) == len(table.frame) + 1
    assert {row[-1] for row in rows[1:]} == {"SYNTHETIC"}


def test_latex_has_no_bare_special_characters(synthetic, tmp_path):
    save_table(regression_table(synthetic, "BE", "CIS2", "faems2005"), tmp_path, "t")
    text = (tmp_path / "t.tex").read_text(encoding="utf-8")
    assert r"R\&D intensity (\% of turnover)" in text
    assert "−" not in text
    assert text.count("{") == text.count("}")


def test_html_id_is_the_table_s_name(synthetic, tmp_path):
    save_table(flow_table(synthetic), tmp_path, "sample_flow")
    assert '<div id="sample_flow"' in (tmp_path / "sample_flow.html").read_text(encoding="utf-8")
