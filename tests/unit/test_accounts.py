"""An export with a column per item and year becomes one row per firm and year."""

import pandas as pd
import pytest
from small_survey import accounts, codebook_folders, write_accounts

from cisflow.codebook import load_codebook
from cisflow.ingest import ingest_accounts
from cisflow.schema import account_schema

LONG = """
title: Accounts, one row per firm and year
table: accounts
money: {currency: EUR, unit: million}
variables:
  firm_id: {name: ID}
  year: {name: YEAR}
  turnover: {name: SALES}
  value_added: {name: VA}
"""


def _wide(tmp_path, root, frame):
    path = write_accounts(frame, tmp_path / "accounts.xlsx")
    codebook = load_codebook("accounts/belfirst", [root / "config" / "codebooks"])
    return ingest_accounts(path, codebook, "BE", name="Belgium")


def test_a_wide_export_becomes_long(tmp_path, root):
    table, quality = _wide(tmp_path, root, accounts())
    account_schema().validate(table)
    assert table["firm_id"].tolist() == ["BE0001", "BE0001", "BE0003", "BE0003"]
    assert table["year"].tolist() == [2005, 2006, 2005, 2006]
    assert table["turnover"].tolist() == [900_000, 1_000_000, 250_000, 300_500]
    last = table.iloc[-1]
    assert (last["value_added"], last["personnel_costs"], last["employees"]) == (-20_000, 80_000, 7)
    assert pd.isna(last["profit_before_tax"])
    assert (quality["rows"], quality["firms"], quality["years"]) == (3, 2, [2005, 2006])
    assert quality["variables"]["turnover"]["valid"] == 4
    assert not quality["variables"]["total_assets"]["in_questionnaire"]


def test_the_unit_of_the_header_wins(tmp_path, root):
    table, _ = _wide(tmp_path, root, accounts())
    assert table["profit_before_tax"].dropna().tolist() == [50_000]  # 0.05 m EUR


def test_identifiers_keep_their_leading_zeros(tmp_path, root):
    frame = accounts().assign(**{"BvD ID number": ["0403", "0404", "0405"]})
    table, _ = _wide(tmp_path, root, frame)
    assert set(table["firm_id"]) == {"0403", "0405"}


def test_a_long_file_is_read_too(tmp_path, root):
    path = tmp_path / "accounts.csv"
    path.write_text("id;year;sales;va\n01;2005;1.5;1\n01;2006;2;-1\n02;2006;;\n")
    codebook = load_codebook("small", codebook_folders(tmp_path, root, LONG))
    table, quality = ingest_accounts(path, codebook, "BE")
    assert table["turnover"].tolist() == [1_500_000, 2_000_000]
    assert table["value_added"].tolist() == [1_000_000, -1_000_000]
    assert (quality["rows"], quality["rows_kept"]) == (3, 2)


@pytest.mark.parametrize("years", [("2005", "2005"), ("2005", "")])
def test_a_long_file_has_one_row_per_firm_and_year(tmp_path, root, years):
    from cisflow.errors import CisflowError

    path = tmp_path / "accounts.csv"
    path.write_text(f"id;year;sales;va\n01;{years[0]};1;1\n01;{years[1]};2;1\n")
    codebook = load_codebook("small", codebook_folders(tmp_path, root, LONG))
    with pytest.raises(CisflowError, match=r"firm_id, year: . rows"):
        ingest_accounts(path, codebook, "BE")
