"""Bad extracts: the message names country, wave, file, variable, count and remedy, and no secret.

Every bad file is made here from a good one.
"""

import gzip
import zipfile

import pandas as pd
import pyreadstat
import pytest
import r_files
from small_survey import CODEBOOK, assert_in_words, codebook_folders, firms

from cisflow.base.problems import CisflowError
from cisflow.study.codebook_files import load_codebook
from cisflow.survey.ingest import ingest_wave

pytestmark = pytest.mark.usefixtures("messages_stay")

CODEBOOK_FILE = "small.yaml"


@pytest.fixture
def refusal(tmp_path, root, monkeypatch):
    """Return a function that ingests a bad file and returns the message."""
    monkeypatch.chdir(tmp_path)

    def run(path, text=CODEBOOK, sha256=None, **source):
        """`source`: what the config says besides the file: join, member, select."""
        codebook = load_codebook("small", codebook_folders(tmp_path, root, text))
        codebook = codebook.configured(source)
        before = sorted(tmp_path.iterdir())
        names = [path] if isinstance(path, str) else path
        files = tmp_path / path if isinstance(path, str) else [tmp_path / name for name in path]
        with pytest.raises(CisflowError) as refused:
            ingest_wave(files, codebook, "BE", "CIS4", name="Belgium", sha256=sha256)
        assert sorted(tmp_path.iterdir()) == before
        message = str(refused.value)
        assert message.startswith(f"Belgium, wave CIS4 ({' + '.join(names)})")
        assert_in_words(message)
        return message

    return run


def _csv(tmp_path, frame, name="bad.csv", **options):
    frame.to_csv(tmp_path / name, index=False, **options)
    return name


def _changed(column, *values):
    frame = firms()
    frame.loc[range(len(values)), column] = list(values)
    return frame


# --- the file -----------------------------------------------------------------------------------


def test_missing_file(tmp_path, refusal):
    _csv(tmp_path, firms(), "flanders.csv")
    message = refusal("flandres.csv")
    assert "the file does not exist" in message
    assert "did you mean `flanders.csv`" in message
    assert "data/README.md" in message


def test_empty_file(tmp_path, refusal):
    (tmp_path / "bad.csv").touch()
    assert "the file is empty (0 bytes)" in refusal("bad.csv")


def test_blank_file(tmp_path, refusal):
    (tmp_path / "bad.csv").write_text("\n \n")
    assert "nothing but blanks" in refusal("bad.csv")


@pytest.mark.parametrize("suffix", [".sav", ".dta"])
@pytest.mark.parametrize("part", [0.02, 0.5, 0.9])
def test_truncated_statistical_file(tmp_path, refusal, suffix, part):
    write = {".sav": pyreadstat.write_sav, ".dta": pyreadstat.write_dta}[suffix]
    many = pd.concat([firms()] * 50, ignore_index=True)
    write(many, str(tmp_path / f"good{suffix}"))
    whole = (tmp_path / f"good{suffix}").read_bytes()
    (tmp_path / f"bad{suffix}").write_bytes(whole[: int(len(whole) * part)])
    message = refusal(f"bad{suffix}")
    assert f"damaged, truncated or not a {suffix} file" in message
    assert "copy or export it once more" in message


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("bad.xlsx", "an Excel workbook"),
        ("bad.parquet", "a Parquet file"),
        ("bad.sas7bdat", "sas7bdat"),
    ],
)
def test_file_of_another_kind_than_its_name(tmp_path, refusal, name, kind):
    _csv(tmp_path, firms(), name)
    message = refusal(name)
    assert "damaged, truncated or not" in message
    assert kind in message


def test_unknown_extension(tmp_path, refusal):
    _csv(tmp_path, firms(), "bad.mdb")
    message = refusal("bad.mdb")
    assert "files ending in '.mdb' cannot be read" in message
    assert ".sav, " in message


def test_wrong_delimiter_in_the_codebook(tmp_path, refusal):
    _csv(tmp_path, firms(), sep=";")
    message = refusal("bad.csv", f"{CODEBOOK}file: {{delimiter: ','}}\n")
    assert "only one column when separated by a comma" in message
    assert "looks separated by a semicolon: set `file: {delimiter: ';'}`" in message


def test_delimiter_nobody_knows(tmp_path, refusal):
    _csv(tmp_path, firms(), sep="~")
    message = refusal("bad.csv")
    assert "only one column when separated by comma, semicolon, tab or bar" in message
    assert "set `file: {delimiter: …}`" in message


def test_text_that_is_not_in_the_encoding_stated(tmp_path, refusal):
    frame = firms().assign(TOWN=["Gent", "Liège", "Aalst", "Mons", "Ath", "Hal"])
    _csv(tmp_path, frame, encoding="cp1252")
    message = refusal("bad.csv", f"{CODEBOOK}file: {{encoding: utf-8}}\n")
    assert "line 3 is not UTF-8 text" in message
    assert "set `file: {encoding: cp1252}`" in message


def test_text_that_is_neither_utf8_nor_latin1(tmp_path, refusal):
    frame = firms().assign(TOWN=["Ath", "Hal", "Mons", "Šiauliai", "x", "y"])
    name = _csv(tmp_path, frame)
    text = (tmp_path / name).read_bytes()
    (tmp_path / name).write_bytes(text.replace("Š".encode(), b"\x81"))
    message = refusal(name)
    assert "line 5 is neither UTF-8 nor Latin-1 text" in message
    assert "set `file: {encoding: …}`" in message


@pytest.mark.parametrize(
    ("begins", "kind"),
    [
        (b"PK\x03\x04", "a zip archive or an Excel workbook"),
        (b"$FL2@(#) SPSS", "an SPSS file (.sav)"),
        (b"<stata_dta><header>", "a Stata file (.dta)"),
        (b"PAR1", "a Parquet file (.parquet)"),
        (b"\x1f\x8b\x08", "a gzip file (.gz)"),
        (b"\xd0\xcf\x11\xe0", "an old Excel workbook (.xls)"),
    ],
)
def test_no_text_though_it_is_called_csv(tmp_path, refusal, begins, kind):
    (tmp_path / "bad.csv").write_bytes(begins + bytes(100))
    message = refusal("bad.csv")
    assert f"no text, but {kind}" in message
    assert "give the file the ending that tells what it is" in message


def test_zero_bytes_in_a_text(tmp_path, refusal):
    (tmp_path / "bad.csv").write_bytes(firms().to_csv(index=False).encode() + bytes(20))
    assert "no text: the file holds zero bytes" in refusal("bad.csv")


def test_quotation_mark_left_open(tmp_path, refusal):
    name = _csv(tmp_path, firms().assign(TOWN="x"))
    lines = (tmp_path / name).read_text().splitlines()
    lines[2] = lines[2][:-1] + '"x'
    (tmp_path / name).write_text("\n".join(lines) + "\n")
    message = refusal(name)
    assert "a quotation mark opened in line 3 is not closed before line 7" in message


# --- packed files -------------------------------------------------------------------------------


def _zip(tmp_path, members, name="bad.zip"):
    with zipfile.ZipFile(tmp_path / name, "w", zipfile.ZIP_DEFLATED) as archive:
        for member, text in members.items():
            archive.writestr(member, text)
    return name


GOOD = firms().to_csv(index=False)


def test_gzip_by_name_only(tmp_path, refusal):
    message = refusal(_csv(tmp_path, firms(), "bad.csv.gz", compression=None))
    assert "not a gzip file" in message
    assert "take `.gz` off its name" in message


def test_gzip_cut_off(tmp_path, refusal):
    (tmp_path / "bad.csv.gz").write_bytes(gzip.compress(GOOD.encode())[:-40])
    assert "the archive is damaged or truncated" in refusal("bad.csv.gz")


def test_gzip_whose_name_does_not_tell_the_format(tmp_path, refusal):
    (tmp_path / "bad.gz").write_bytes(gzip.compress(GOOD.encode()))
    message = refusal("bad.gz")
    assert "the name does not tell what is packed in it" in message
    assert "let the name tell, as in firms.csv.gz" in message


def test_zip_by_name_only(tmp_path, refusal):
    message = refusal(_csv(tmp_path, firms(), "bad.zip", compression=None))
    assert "damaged, truncated or not a zip archive" in message


def test_zip_whose_contents_are_damaged(tmp_path, refusal):
    name = _zip(tmp_path, {"firms.csv": GOOD * 50})
    packed = bytearray((tmp_path / name).read_bytes())
    packed[80:90] = bytes(10)
    (tmp_path / name).write_bytes(packed)
    assert "the archive is damaged or truncated" in refusal(name)


def test_zip_without_data(tmp_path, refusal):
    message = refusal(_zip(tmp_path, {"readme.pdf": "x", "__MACOSX/._firms.csv": "x"}))
    assert "the archive holds no data file; it has 'readme.pdf'" in message


def test_zip_with_several_data_files(tmp_path, refusal):
    message = refusal(_zip(tmp_path, {"be.csv": GOOD, "nl.csv": GOOD, "codes.pdf": "x"}))
    assert "the archive holds 2 data files: 'be.csv', 'nl.csv'" in message
    assert "`member: be.csv`" in message


def test_zip_without_the_member_asked_for(tmp_path, refusal):
    message = refusal(_zip(tmp_path, {"be.csv": GOOD, "nl.csv": GOOD}), member="de.csv")
    assert "the archive has no member 'de.csv'" in message
    assert "did you mean `be.csv`" in message


def test_zip_with_a_password(tmp_path, refusal):
    name = _zip(tmp_path, {"firms.csv": GOOD})
    packed = bytearray((tmp_path / name).read_bytes())
    for signature, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        packed[packed.index(signature) + flags] |= 1
    (tmp_path / name).write_bytes(packed)
    assert "the archive is protected by a password" in refusal(name)


def test_zip_of_a_damaged_spss_file(tmp_path, refusal):
    message = refusal(_zip(tmp_path, {"firms.sav": "$FL2 and no more"}))
    assert "damaged, truncated or not a .sav file" in message


# --- several files, pooled files ----------------------------------------------------------------


def _two(tmp_path, first, second):
    _csv(tmp_path, first, "a.csv")
    _csv(tmp_path, second, "b.csv")
    return ["a.csv", "b.csv"]


def _halves():
    return firms().drop(columns=["TURN"]), firms()[["ID", "TURN"]]


def test_several_files_and_nothing_to_join_them_by(tmp_path, refusal):
    message = refusal(_two(tmp_path, *_halves()))
    assert "several files and no `join:`" in message
    assert "`join: ID`" in message


def test_one_of_several_files_is_absent(tmp_path, refusal):
    _csv(tmp_path, firms(), "a.csv")
    message = refusal(["a.csv", "b.csv"], join="ID")
    assert "b.csv: 1 problem" in message
    assert "the file does not exist" in message


def test_column_to_join_by_is_not_in_every_file(tmp_path, refusal):
    first, second = _halves()
    message = refusal(_two(tmp_path, first, second.rename(columns={"ID": "IDENT"})), join="ID")
    assert "join: column 'ID' is not in b.csv" in message
    assert "did you mean `ident`" in message


def test_identifiers_that_occur_twice_in_a_file_to_join(tmp_path, refusal):
    first, second = _halves()
    message = refusal(_two(tmp_path, first, pd.concat([second, second.head(2)])), join="ID")
    assert (
        "join: fewer than 10 identifiers occur more than once in 'ID' of b.csv (fewer than 10 rows)"
        in message
    )


def test_files_that_share_no_identifier(tmp_path, refusal):
    first, second = _halves()
    second["ID"] = second["ID"].str.lstrip("0")
    message = refusal(_two(tmp_path, first, second), join="ID")
    assert "join: no identifier in 'ID' of b.csv is in 'ID' of a.csv" in message
    assert "leading zeros" in message


def test_a_second_checksum_is_wanted(tmp_path, refusal):
    message = refusal(_two(tmp_path, *_halves()), sha256="0" * 64, join="ID")
    assert "sha256: 1 checksum for 2 files" in message


def test_pooled_file_without_the_country(tmp_path, refusal):
    pooled = firms().assign(COUNTRY=["NL", "DE"] * 3)
    message = refusal(_csv(tmp_path, pooled), select={"COUNTRY": "BE"})
    assert "none of the file's rows has COUNTRY = BE" in message
    assert "correct `select:` in the config: the wrong column?" in message


def test_pooled_file_without_the_column_of_countries(tmp_path, refusal):
    message = refusal(_csv(tmp_path, firms().assign(CNTRY="BE")), select={"COUNTRY": "BE"})
    assert "select: column 'COUNTRY' is not in the file" in message
    assert "did you mean `cntry`? Correct `select:` in the config" in message


# --- statistical files --------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", [".por", ".xpt", ".zsav"])
def test_statistical_file_that_is_something_else(tmp_path, refusal, suffix):
    message = refusal(_csv(tmp_path, firms(), f"bad{suffix}"))
    assert f"damaged, truncated or not a {suffix} file" in message


def test_rows_missing_at_the_end_of_a_wide_spss_file(tmp_path, refusal):
    many = pd.concat([firms()] * 50, ignore_index=True)
    pyreadstat.write_sav(many, str(tmp_path / "bad.sav"), row_compress=True)
    whole = (tmp_path / "bad.sav").read_bytes()
    (tmp_path / "bad.sav").write_bytes(whole[:-900])
    assert "damaged, truncated or not a .sav file" in refusal("bad.sav")


def test_labels_that_contradict_the_codebook(tmp_path, refusal):
    frame = firms().assign(CO=[1.0, 2.0, None, 1.0, None, None])
    labels = {"CO": {1: "No", 2: "Yes"}}
    pyreadstat.write_sav(frame, str(tmp_path / "bad.sav"), variable_value_labels=labels)
    message = refusal("bad.sav")
    assert "coop_any (column 'CO'): in the file 1 is labelled 'No', the codebook" in message
    assert "reads it as yes" in message


def test_labels_in_a_language_the_codebook_does_not_have(tmp_path, refusal):
    message = refusal(_csv(tmp_path, _changed("CO", "Ja", "Nee", "", "Ja")))
    assert "coop_any (column 'CO'): outside the codes 0/1: fewer than 10 values" in message
    assert "add them to `codes:`" in message


def test_unknown_encoding(tmp_path, refusal):
    _csv(tmp_path, firms())
    message = refusal("bad.csv", f"{CODEBOOK}file: {{encoding: latin-99}}\n")
    assert "there is no encoding 'latin-99'" in message


def test_row_with_too_many_cells(tmp_path, refusal):
    _csv(tmp_path, firms())
    with (tmp_path / "bad.csv").open("a") as file:
        file.write(",".join(["1"] * 30) + "\n")
    message = refusal("bad.csv")
    assert "fewer than 10 rows do not have the 18 cells of the header, first in line 8" in message


def test_last_line_cut_off(tmp_path, refusal):
    name = _csv(tmp_path, firms())
    text = (tmp_path / name).read_text()
    (tmp_path / name).write_text(text[:-12])
    assert "fewer than 10 rows do not have the 18 cells of the header, first in line 7" in refusal(
        name
    )


def test_another_file_than_the_one_meant(tmp_path, refusal):
    _csv(tmp_path, firms())
    assert "its SHA-256 differs" in refusal("bad.csv", sha256="0" * 64)


def test_header_without_rows(tmp_path, refusal):
    _csv(tmp_path, firms().head(0))
    assert "the file has a header and no rows" in refusal("bad.csv")


def test_no_rows_of_the_wave(tmp_path, refusal):
    _csv(tmp_path, firms().assign(YEAR="2004"))
    message = refusal("bad.csv", f"{CODEBOOK}rows: {{YEAR: 2006}}\n")
    assert "none of the file's rows has YEAR = 2006" in message
    assert "the wrong column?" in message


def test_no_column_to_tell_the_wave(tmp_path, refusal):
    _csv(tmp_path, firms().assign(YEARS="2004"))
    message = refusal("bad.csv", f"{CODEBOOK}rows: {{YEAR: 2006}}\n")
    assert "rows: column 'YEAR' is not in the file" in message
    assert "did you mean `years`" in message


# --- its columns --------------------------------------------------------------------------------


def test_missing_required_column(tmp_path, refusal):
    _csv(tmp_path, firms().rename(columns={"TURN": "TURN04"}))
    message = refusal("bad.csv")
    assert "turnover: column 'TURN' or 'TURNM' is not in the file" in message
    assert "did you mean" in message
    assert "`turn04`" in message
    assert f"Correct `turnover:` in {CODEBOOK_FILE}" in message


def test_missing_column_with_no_name_near_it(tmp_path, refusal):
    _csv(tmp_path, firms().rename(columns={"SCLI": "V17"}))
    message = refusal("bad.csv", CODEBOOK.replace("SCLI", "QXZ"))
    assert "source_clients: column 'QXZ' is not in the file" in message
    assert "the file has 'ID', 'NACE', " in message
    assert "(18 columns)" in message


def test_half_of_the_columns_of_an_answer(tmp_path, refusal):
    _csv(tmp_path, firms().drop(columns="CO23"))
    text = CODEBOOK.replace("any_of: [CO22, CO23]", "any_of: [CO22, CO23], required: false")
    assert "coop_suppliers_foreign: column 'CO23' is not in the file" in refusal("bad.csv", text)


def test_two_alternatives_of_a_name(tmp_path, refusal):
    _csv(tmp_path, firms().assign(TURNM="1"))
    message = refusal("bad.csv")
    assert "turnover: the file has both 'TURN' and 'TURNM'" in message
    assert f"say in {CODEBOOK_FILE} which one it is" in message


def test_all_answers_to_a_required_question_missing(tmp_path, refusal):
    _csv(tmp_path, firms().assign(EMP=""))
    message = refusal("bad.csv")
    assert (
        "employees (column 'EMP'): no usable answer from any of the firms "
        "that were asked (fewer than 10 firms)"
    ) in message
    assert "set `required: false`" in message


# --- its values ---------------------------------------------------------------------------------


def test_unknown_codes_in_a_yes_no_question(tmp_path, refusal):
    _csv(tmp_path, _changed("CO", "2", "2", "", "9"))
    message = refusal("bad.csv")
    assert "coop_any (column 'CO'): outside the codes 0/1: fewer than 10 values." in message
    assert f"add them to `codes:` in {CODEBOOK_FILE}" in message
    assert "`missing:`" in message


def test_amounts_in_a_yes_no_question_are_not_shown(tmp_path, refusal):
    _csv(tmp_path, _changed("CO", "123456", "654321"))
    message = refusal("bad.csv")
    assert (
        "coop_any (column 'CO'): outside the codes 0/1: fewer than 10 values, too many" in message
    )
    assert "123456" not in message


def test_unknown_code_in_a_screening_question(tmp_path, refusal):
    _csv(tmp_path, _changed("RRDIN", "3"))
    message = refusal("bad.csv")
    assert (
        "screening question (column 'RRDIN'): outside the codes 0/1: fewer than 10 values."
        in message
    )


def test_unknown_degree(tmp_path, refusal):
    _csv(tmp_path, _changed("SCLI", "4"))
    message = refusal("bad.csv")
    assert (
        "source_clients (column 'SCLI'): outside the codes 0/1/2/3: fewer than 10 values."
        in message
    )


def test_share_above_100(tmp_path, refusal):
    _csv(tmp_path, _changed("TURNMAR", "110", "250"))
    message = refusal("bad.csv")
    assert (
        "share_new_market (column 'TURNMAR'): fewer than 10 values above 100 (a share of turnover"
        in message
    )
    assert "`invalid: missing`" in message
    assert "250" not in message


def test_share_below_0(tmp_path, refusal):
    _csv(tmp_path, _changed("TURNMAR", "-9"))
    assert "share_new_market (column 'TURNMAR'): fewer than 10 values below 0." in refusal(
        "bad.csv"
    )


def test_fractions_where_percents_are_meant(tmp_path, refusal):
    _csv(tmp_path, _changed("TURNUNG", "0.6", "0.7", "", "", "", "1"))
    message = refusal("bad.csv")
    assert (
        "share_unchanged (column 'TURNUNG'): all values (fewer than 10 values) lie between 0 and 1"
        in message
    )
    assert f"set `unit: fraction` in {CODEBOOK_FILE}" in message


def test_percents_where_fractions_are_meant(tmp_path, refusal):
    _csv(tmp_path, firms())
    text = CODEBOOK.replace("{name: TURNUNG}", "{name: TURNUNG, unit: fraction}")
    message = refusal("bad.csv", text)
    assert "share_unchanged (column 'TURNUNG'): fewer than 10 values above 100" in message
    assert "the file seems to hold percent: set `unit: percent`" in message


def test_negative_turnover(tmp_path, refusal):
    _csv(tmp_path, _changed("TURN", "-77", "-88"))
    message = refusal("bad.csv")
    assert "turnover (column 'TURN'): fewer than 10 values below 0." in message
    assert "-77" not in message


def test_text_in_a_number(tmp_path, refusal):
    _csv(tmp_path, _changed("EMP", "about ten"))
    message = refusal("bad.csv")
    assert "employees (column 'EMP'): fewer than 10 values that are no numbers." in message
    assert "under `missing:`" in message
    assert "about" not in message


def test_commas_that_may_separate_thousands(tmp_path, refusal):
    _csv(tmp_path, _changed("TURN", "2,000", "3,500"))
    message = refusal("bad.csv")
    assert "turnover (column 'TURN'): fewer than 10 values that are no numbers." in message
    assert "without signs between thousands" in message
    assert "set `file: {decimal: ','}`" in message


def test_points_that_may_separate_thousands(tmp_path, refusal):
    many = pd.concat([firms()] * 10, ignore_index=True)
    many["ID"] = [f"{i:05d}" for i in range(len(many))]
    many["TURN"] = [f"{1 + i}.{100 + i}" for i in range(len(many))]
    _csv(tmp_path, many)
    message = refusal("bad.csv")
    assert (
        "turnover (column 'TURN'): all values with a decimal sign (60 values) have three" in message
    )
    assert "such as 9.999" in message
    assert "`file: {decimal: '.'}`" in message


def test_infinite_number(tmp_path, refusal):
    _csv(tmp_path, _changed("TURN", "inf"))
    assert "turnover (column 'TURN'): fewer than 10 values that are no numbers." in refusal(
        "bad.csv"
    )


def test_duplicate_identifiers(tmp_path, refusal):
    _csv(tmp_path, pd.concat([firms(), firms().head(2)]))
    message = refusal("bad.csv")
    assert (
        "firm_id (column 'ID'): fewer than 10 identifiers occur more "
        "than once (fewer than 10 rows)."
    ) in message
    assert "`rows:`" in message


def test_rows_without_identifier(tmp_path, refusal):
    _csv(tmp_path, _changed("ID", "", ""))
    assert "firm_id (column 'ID'): fewer than 10 rows have none." in refusal("bad.csv")


def test_activity_of_another_classification(tmp_path, refusal):
    _csv(tmp_path, _changed("NACE", "38", "38.1"))
    message = refusal("bad.csv")
    assert "nace (column 'NACE'): codes that classification 1.1 does not have" in message
    assert "`nace: {revision: …}`" in message


def test_activities_that_may_have_lost_a_zero(tmp_path, refusal):
    _csv(tmp_path, _changed("NACE", "141", "1511", "1720", "142", "2411", "2912"))
    message = refusal("bad.csv")
    assert "nace (column 'NACE'): fewer than 10 codes of 3 digits among those of 4" in message
    assert "`nace: {leading_zeros: lost}` or `kept` in small.yaml" in message
    assert "141" not in message


def test_no_row_that_could_have_the_names(tmp_path, refusal):
    _csv(tmp_path, firms())
    message = refusal("bad.csv", f"{CODEBOOK}file: {{header_row: 90}}\n")
    assert "file.header_row: no row 90 that could have the names" in message


def test_damaged_file_of_r(tmp_path, refusal):
    (tmp_path / "bad.rds").write_bytes(gzip.compress(b"X\n\0\0\0\3"))
    message = refusal("bad.rds")
    assert "damaged, truncated or not a file of R's" in message
    assert "saveRDS()" in message


def test_several_data_frames_in_a_file_of_r(tmp_path, refusal):
    frame = r_files.data_frame({"ID": r_files.numbers([1, 2])}, 2)
    r_files.save(tmp_path / "bad.RData", {"firms": frame, "codes": frame})
    message = refusal("bad.RData")
    assert "it holds several data frames: 'firms', 'codes'" in message
    assert "`sheet:` in the config" in message


@pytest.mark.parametrize("name", ["bad.xls", "bad.ods"])
def test_workbook_by_name_only(tmp_path, refusal, name):
    (tmp_path / name).write_text("ID,NACE\n1,15\n")
    assert "damaged, truncated or not an" in refusal(name)


def test_weight_of_zero(tmp_path, refusal):
    _csv(tmp_path, firms().assign(WEIGHT="0"))
    message = refusal("bad.csv", f"{CODEBOOK}  weight: {{name: WEIGHT}}\n")
    assert "weight (column 'WEIGHT'): fewer than 10 values not above 0." in message


def test_a_constant_that_breaks_the_contract(tmp_path, refusal):
    _csv(tmp_path, firms())
    message = refusal("bad.csv", f"{CODEBOOK}  weight: {{constant: 0}}\n")
    assert "weight: fewer than 10 values not above 0" in message


def _excel(tmp_path, frame, above=0):
    """Write a workbook whose header stands below ``above`` lines of a title."""
    with pd.ExcelWriter(tmp_path / "bad.xlsx") as book:
        frame.to_excel(book, index=False, startrow=above)
        if above:
            book.book.worksheets()[0].write(0, 0, "Community Innovation Survey")
    return "bad.xlsx"


def _parquet(tmp_path, frame):
    frame.to_parquet(tmp_path / "bad.parquet")
    return "bad.parquet"


def _old_office(tmp_path, _):
    (tmp_path / "bad.xlsx").write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(1000))
    return "bad.xlsx"


def _folder(tmp_path, _):
    (tmp_path / "bad.csv").mkdir()
    return "bad.csv"


def _twins(tmp_path, frame):
    (tmp_path / "bad.csv").write_text(frame.to_csv(index=False).replace("CO22", "co21", 1))
    return "bad.csv"


WEIGHTED = f"{CODEBOOK}  weight: {{name: WEIGHT}}\n"
SIZES = "codes: {'1': 10-49, '2': 50-249, '3': 250+}"
NUMBERED = CODEBOOK.replace("{name: ID}", "{name: ID, format: {prefix: BE, digits: 10}}")


@pytest.mark.parametrize(
    ("write", "frame", "text", "fragments"),
    [
        pytest.param(
            lambda folder, frame: _excel(folder, frame.add_prefix("question ")),
            firms(),
            CODEBOOK,
            [
                "14 of the 14 variables of small.yaml are not in the file",
                "with the names of its columns in its first row?",
                "`cisflow inspect bad.xlsx`",
            ],
            id="columns of another file",
        ),
        pytest.param(
            _excel,
            _changed("EMP", "#DIV/0!", "#N/A"),
            CODEBOOK,
            ["employees (column 'EMP'): fewer than 10 values that are no numbers."],
            id="errors in cells",
        ),
        pytest.param(
            _old_office,
            None,
            CODEBOOK,
            ["protected by a password, or an old Excel workbook", "save it as .xlsx without a"],
            id="workbook with a password",
        ),
        pytest.param(
            _parquet,
            firms().assign(EMP=pd.Timestamp("2004-12-31")),
            CODEBOOK,
            [
                "employees (column 'EMP'): fewer than 10 values that are dates.",
                "name the right column under",
            ],
            id="dates in place of numbers",
        ),
        pytest.param(
            _parquet,
            firms().assign(EMP=[[1, 2]] * 6),
            CODEBOOK,
            ["employees (column 'EMP'): fewer than 10 values that are no numbers."],
            id="lists in place of numbers",
        ),
        pytest.param(
            _twins,
            firms(),
            CODEBOOK,
            ["more than one column has the name 'co21'", "capitals do not make names different"],
            id="two columns of one name",
        ),
        pytest.param(
            _folder,
            None,
            CODEBOOK,
            ["this is a folder", "name the file in it"],
            id="a folder",
        ),
        pytest.param(
            _csv,
            firms().assign(WEIGHT=["1.5", "", "2", "3", "", "4"]),
            WEIGHTED,
            [
                "weight (column 'WEIGHT'): fewer than 10 firms have none.",
                "`weight: null` in small.yaml",
            ],
            id="firms without a weight",
        ),
        pytest.param(
            _csv,
            firms().assign(WEIGHT=""),
            WEIGHTED,
            [
                (
                    "weight (column 'WEIGHT'): no usable answer from any of the firms "
                    "that were asked (fewer than 10 firms)"
                )
            ],
            id="a blank column of weights",
        ),
        pytest.param(
            _csv,
            firms().assign(SIZE=["1", "2", "9", "1", "2", "3"]),
            f"{CODEBOOK}  size_class: {{name: SIZE, {SIZES}}}\n",
            ["size_class (column 'SIZE'): outside the codes 1/2/3: fewer than 10 values."],
            id="unknown size class",
        ),
        pytest.param(
            _csv,
            _changed("ID", "X12", "Y13"),
            NUMBERED,
            [
                ": 1 problem",
                "firm_id (column 'ID'): fewer than 10 identifiers do not fit 'BE' and 10 digits",
                "`invalid: missing` leaves these rows out",
            ],
            id="identifiers of another form",
        ),
        pytest.param(
            _csv,
            firms().assign(CO311="1"),
            f"{CODEBOOK}unexpected:\n  - {{columns: [CO311], meaning: clients are divided into "
            "private and public ones, remedy: take the codebook of CIS2012}\n",
            ["the file has 'CO311': clients are divided", "take the codebook of CIS2012"],
            id="columns of another round",
        ),
    ],
)
def test_further_files(tmp_path, refusal, write, frame, text, fragments):
    message = refusal(write(tmp_path, frame), text)
    for fragment in fragments:
        assert fragment in message


def test_everything_wrong_is_told_at_once(tmp_path, refusal):
    frame = firms().drop(columns="SCLI")
    frame.loc[0, ["EMP", "CO", "TURNMAR"]] = ["x", "7", "101"]
    frame.loc[1, "ID"] = frame.loc[0, "ID"]
    message = refusal(_csv(tmp_path, frame))
    assert ": 5 problems, nothing was written." in message
    for variable in ("source_clients", "employees", "coop_any", "share_new_market", "firm_id"):
        assert f"\n  {variable}" in message
