"""Headers of exports as they were seen: item, unit, currency and year are told apart."""

from functools import lru_cache

import pytest

from cisflow.base.paths import shipped
from cisflow.study.codebook_files import load_codebook
from cisflow.survey.accounts.headers import find_column, item_problems, read_headers


@lru_cache
def _codebook(name):
    return load_codebook(f"accounts/{name}", [shipped("config", "codebooks")])


def _items(header, name="orbis_en"):
    """Return what a header says, and of which item of the codebook it is."""
    codebook = _codebook(name)
    (read,) = read_headers([header], codebook)
    items = [v for v, s in codebook.variables.items() if find_column(s.name, [read])]
    return items, read.unit, read.currency, read.back


@pytest.mark.parametrize(
    ("header", "item"),
    [
        ("Operating revenue (Turnover)\n(last value)th EUR", "turnover"),
        ("Operating revenue (Turnover)\nth EUR Last avail. value", "turnover"),
        ("Operating revenue / turnover\nth EUR last avail. year", "turnover"),
        ("Added value\nth EURLast avail. yr", "value_added"),
        ("Added value th EUR Lastavail.year", "value_added"),
        ("Total personnel costs\nth EUR Last avail. yr", "personnel_costs"),
        ("Total assets (last available value) th EUR", "total_assets"),
    ],
)
def test_the_last_available_year_has_many_forms(header, item):
    assert _items(header) == ([item], "th", "EUR", 0)


def test_a_year_that_is_not_the_last_available_one_is_no_mark():
    (read,) = read_headers(["Turnover last year th EUR 2006"], _codebook("orbis_en"))
    assert (read.label, read.year, read.back) == ("turnover last year", 2006, None)


@pytest.mark.parametrize("header", ["Cons.code", "Consolidation code", "Cons. code"])
def test_the_kind_of_accounts_is_found(header):
    codebook = _codebook("orbis_en")
    assert find_column(codebook.consolidation.name, read_headers([header], codebook))


@pytest.mark.parametrize("header", ["Lastavail.year", "last avail. year", "Closing date"])
def test_the_closing_date_is_found(header):
    codebook = _codebook("orbis_en")
    assert find_column(codebook.fiscal_year.closing_date, read_headers([header], codebook))


def test_a_unit_no_public_export_shows_is_asked_for():
    """ "mil" would be a thousand in French: wrong by 1,000 if it is a million."""
    codebook = _codebook("belfirst_fr")
    headers = read_headers(["Valeur ajout\u00e9e\nmil EUR 2006"], codebook)
    (problem,) = item_problems("value_added", [], headers, codebook)
    assert problem.what == "value_added: unknown unit 'mil' in the header"
    (known,) = read_headers(["Valeur ajout\u00e9e\nmilliers EUR 2006"], codebook)
    assert codebook.header.units[known.unit] == "thousand"
