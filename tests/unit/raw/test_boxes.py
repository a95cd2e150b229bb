"""Workbooks that need far more memory than they are large are refused before they are opened."""

import struct
import time

import as_people_make_them as made
import pytest

from cisflow.base.problems import CisflowError
from cisflow.raw.boxes import Box, ods_boxes, xls_boxes
from cisflow.raw.extract import open_extract, read_extract

HEADER, ROWS = made.table()


@pytest.mark.parametrize("suffix", [".ods", ".xls"])
def test_the_box_of_a_sheet(tmp_path, suffix):
    path = made.write(tmp_path / f"x{suffix}", [HEADER, *ROWS], {"Notes": [["one"], [None, "two"]]})
    cells = 8 + sum(cell is not None for row in ROWS for cell in row)
    if suffix == ".xls":
        boxes = [box for box in xls_boxes(path.read_bytes()) if box.cells]
    else:
        import zipfile

        with zipfile.ZipFile(path) as archive, archive.open("content.xml") as stream:
            boxes = list(ods_boxes(stream))
    assert boxes == [Box(2, 2, 2), Box(cells, len(ROWS) + 1, 8)]


def _far_cell(row, column):
    return struct.pack("<HHHHHd", 0x0203, 14, row, column, 0, 1.0)


def test_an_old_workbook_with_a_cell_in_the_last_corner(tmp_path):
    begin = struct.pack("<HHHHHHII", 0x0809, 16, 0x0600, 0x10, 0, 0, 0, 0)
    made.xls(tmp_path / "x.xls", begin + _far_cell(0, 0) + _far_cell(65_535, 255))
    with pytest.raises(CisflowError, match="2 cells that are spread over 65,536 rows"):
        open_extract(tmp_path / "x.xls")


@pytest.mark.parametrize(
    "row",
    [
        '<table:table-cell office:value-type="float" office:value="1" '
        'table:number-columns-repeated="1000000"/>',
        '<table:table-cell table:number-columns-repeated="9000000"/>'
        '<table:table-cell office:value-type="float" office:value="1"/>',
    ],
)
def test_cells_repeated_by_number(tmp_path, row):
    rows = f'<table:table-row table:number-rows-repeated="1000000">{row}</table:table-row>'
    made.ods(tmp_path / "x.ods", f'<table:table table:name="a">{rows}</table:table>')
    began = time.monotonic()
    with pytest.raises(CisflowError, match=r"more than can be read|spread over"):
        open_extract(tmp_path / "x.ods")
    assert time.monotonic() - began < 5


def test_blank_rows_repeated_to_the_end_of_a_sheet_do_no_harm(tmp_path):
    """Spreadsheets end a table with a million blank rows in one element."""
    cell = '<table:table-cell office:value-type="string"><text:p>{}</text:p></table:table-cell>'
    rows = "".join(
        f"<table:table-row>{cell.format(a)}{cell.format(b)}"
        '<table:table-cell table:number-columns-repeated="16382"/></table:table-row>'
        for a, b in [("id", "town"), ("1", "Gent"), ("2", "Mons")]
    )
    rows += (
        '<table:table-row table:number-rows-repeated="1048573">'
        '<table:table-cell table:number-columns-repeated="16384"/></table:table-row>'
    )
    made.ods(tmp_path / "x.ods", f'<table:table table:name="a">{rows}</table:table>')
    assert read_extract(tmp_path / "x.ods")["town"].tolist() == ["Gent", "Mons"]


@pytest.mark.parametrize("suffix", [".ods", ".xls"])
@pytest.mark.parametrize("part", [0.05, 0.4, 0.8])
def test_truncated_workbooks(tmp_path, suffix, part):
    path = made.write(tmp_path / f"x{suffix}", [HEADER, *ROWS])
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * part)])
    with pytest.raises(CisflowError, match="damaged, truncated or not an"):
        open_extract(path)


def test_sectors_in_a_circle(tmp_path):
    path = made.write(tmp_path / "x.xls", [HEADER, *ROWS])
    data = bytearray(path.read_bytes())
    data[512 + 4 * 3 : 512 + 4 * 4] = struct.pack("<I", 2)  # a sector followed by one before it
    path.write_bytes(bytes(data))
    with pytest.raises(CisflowError, match="damaged, truncated or not an Excel workbook"):
        open_extract(path)


def test_an_old_workbook_with_a_password(tmp_path):
    begin = struct.pack("<HHHHHHII", 0x0809, 16, 0x0600, 0x05, 0, 0, 0, 0)
    made.xls(tmp_path / "x.xls", begin + struct.pack("<HHH", 0x002F, 2, 0))
    with pytest.raises(CisflowError, match="protected by a password"):
        open_extract(tmp_path / "x.xls")


@pytest.mark.parametrize("suffix", [".ods", ".xls"])
def test_packed_workbooks(tmp_path, suffix):
    import gzip

    path = made.write(tmp_path / f"x{suffix}", [HEADER, *ROWS])
    packed = tmp_path / f"x{suffix}.gz"
    packed.write_bytes(gzip.compress(path.read_bytes()))
    assert read_extract(packed).equals(read_extract(path))
