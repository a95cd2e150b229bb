"""Mistakes in codebooks, configs, models, claims and truths: how to make them, and what is said.

Each case is a change of good YAML and what the refusal must contain. Nothing is run and nothing
written; that Snakemake shows the same words is in ``test_bad_configs.py``.
"""

import copy

import pytest
import yaml
from small_survey import CODEBOOK, assert_in_words, codebook_folders

from cisflow.base.problems import CisflowError
from cisflow.study.codebook_files import load_codebook
from cisflow.study.run import load_run

pytestmark = pytest.mark.usefixtures("messages_stay")


def refused(call, folder):
    """Return what a call refuses in words; it leaves the folder as it was."""
    before = sorted(folder.rglob("*"))
    with pytest.raises(CisflowError) as caught:
        call()
    assert sorted(folder.rglob("*")) == before
    assert_in_words(str(caught.value))
    return str(caught.value)


# --- codebooks ----------------------------------------------------------------------------------

EMPLOYEES, ANY = "{name: EMP}", "{name: CO}"


@pytest.mark.parametrize(
    ("old", "new", "fragments"),
    [
        ("title:", "tilte:", ["unknown key `tilte`", "did you mean `title`"]),
        ("employees:", "employes:", ["unknown variable `employes`", "`employees`"]),
        (EMPLOYEES, "{nmae: EMP}", ["variables.employees: unknown key `nmae`", "`name`"]),
        (EMPLOYEES, "{}", ["employees: has no source", "exactly one of `name`, `any_of`"]),
        (EMPLOYEES, "{name: A, sum_of: [B, C]}", ["employees: has `name` and `sum_of`"]),
        (EMPLOYEES, "{any_of: [A, B]}", ["`any_of` although it is no yes/no variable"]),
        (EMPLOYEES, "{name: A, unit: dozen}", ["employees.unit: 'dozen' is not known", "million"]),
        (EMPLOYEES, "{name: A, invalid: drop}", ["'drop' is not known", "missing, refuse"]),
        (ANY, "{name: CO, codes: yesno}", ["there is no set `yesno`", "did you mean `yes_no`?"]),
        (ANY, "{name: CO, codes: {'1': maybe}}", ["maybe for a yes/no variable", "yes or no"]),
        ("{name: TURNIN}", "{name: TURNIN, includes: share_newest}", ["is not one of the shares"]),
        ("asked_if: coop_any", "asked_if: coop_all", ["`coop_all` is no yes/no variable"]),
        ("share_new_market], com", "share_new_mrket], com", ["`share_new_mrket` is not a share"]),
        ("eurostat/common", "eurostat/comon", ["no codebook `eurostat/comon`", "eurostat/common"]),
        ("eurostat/common", "small", ["goes round in a circle: small.yaml → small.yaml"]),
        ("reference_year: 2004", "", ["`reference_year` is missing", "the last year of the"]),
        ("2004", "about 2004", ["reference_year: 'about 2004' is not a whole number"]),
        ('"1.1"', '"7"', ["nace.revision: '7' is not known", "1.1, 2, isic3"]),
        ("unit: thousand", "unit: dozen", ["money.unit: 'dozen' is not known", "thousand"]),
        ("variables:", "breaks: [{from: 2008}]\nvariables:", ["breaks[0]: `text` is missing"]),
        (EMPLOYEES, "{name: EMP", ["not readable as YAML at line", "the colons and the quotes"]),
        (EMPLOYEES, "\t{name: EMP}\n\t", ["not readable as YAML at line", "by blanks, not tabs"]),
        (EMPLOYEES, f"{EMPLOYEES}\n  employees: {{name: STAFF}}", ["`employees` is there twice"]),
        (CODEBOOK, "", ["holds no keys", "write `key: value` lines"]),
    ],
)
def test_codebooks(tmp_path, root, monkeypatch, old, new, fragments):
    assert old in CODEBOOK
    monkeypatch.chdir(tmp_path)
    folders = codebook_folders(tmp_path, root, CODEBOOK.replace(old, new, 1))
    message = refused(lambda: load_codebook("small", folders), tmp_path)
    for fragment in fragments:
        assert fragment in message


# --- configs ------------------------------------------------------------------------------------


@pytest.fixture
def refusal(root, tmp_path, monkeypatch):
    """Return a function that changes good settings and returns what is said.

    The change gets the config, or of another file (``models``, ``claims``, ``simulate``) that.
    """
    monkeypatch.chdir(tmp_path)

    def run(change, file=None, models=None):
        config = yaml.safe_load((root / "config/config.yaml").read_text(encoding="utf-8"))
        if file is None:
            change(config)
        else:
            key = "simulate" if file == "simulate" else f"{file}_file"
            name = config["simulate"] if file == "simulate" else f"config/{file}.yaml"
            document = yaml.safe_load((root / name).read_text(encoding="utf-8"))
            change(document)
            text = yaml.safe_dump(copy.deepcopy(document), allow_unicode=True, sort_keys=False)
            (tmp_path / "changed.yaml").write_text(text, encoding="utf-8")
            config[key] = "changed.yaml"
        config |= {"models": models} if models else {}
        return refused(lambda: load_run(config, root, file="mine.yaml"), tmp_path)

    return run


def wave(config):
    return config["countries"]["BE"]["waves"]["CIS4"]


def belgium(config):
    return config["countries"]["BE"]


CONFIGS = {
    "no countries": (lambda c: c.pop("countries"), ["`countries` is missing", "`pool_from`"]),
    "a country in small letters": (
        lambda c: c["countries"].update(be=belgium(c)),
        ["countries: 'be'", "A two-letter country code such as BE"],
    ),
    "a wave without a file": (lambda c: wave(c).pop("file"), ["CIS4: `file` is missing"]),
    "a wave without a codebook": (
        lambda c: wave(c).pop("codebook"),
        ["CIS4: `codebook` is missing", "such as eurostat/cis4"],
    ),
    "neither real nor synthetic": (
        lambda c: c.update(data="fake"),
        ["data: 'fake' is not known", "real, synthetic"],
    ),
    "real data that are simulated": (
        lambda c: c.update(data="real"),
        ["simulate: given although `data` is `real`", "set `data: synthetic`"],
    ),
    "a delivered extract simulated over": (
        lambda c: wave(c).update(file="data/raw/BE/cis4.sav"),
        ["data/raw/BE/cis4.sav would be written by the simulation", "below data/raw/synthetic/"],
    ),
    "a language without words": (
        lambda c: c.update(language="xx"),
        ["language: there are no words of `xx`", "take one of en, nl"],
    ),
    "a lag of nine years": (lambda c: c.update(lag=9), ["lag: 9 is above 6", "Years between"]),
    "a lag in words": (lambda c: c.update(lag="two"), ["lag: 'two' is not a whole number"]),
    "an average before the survey": (
        lambda c: c.update(lag=1, lag_average=4),
        ["4 years up to 1 after the survey reach back before it", "set it to at most 2"],
    ),
    "no models": (lambda c: c.update(models=[]), ["models: [] is empty", "Names of the models"]),
    "a model that is no list": (
        lambda c: c.update(models="faems2005"),
        ["models: 'faems2005' is not a list"],
    ),
    "lags a model needs": (
        lambda c: c.update(models=["balance_by_lag"]),
        ["no accounts at a lag of [0, 1, 3, 4, 5, 6] years", "add them to `lags` of the config"],
    ),
    "cells of nobody": (lambda c: c.update(minimum_cell=0), ["minimum_cell: 0 is below 1"]),
    "too few bootstrap samples": (
        lambda c: c["bootstrap"].update(draws=1),
        ["bootstrap.draws: 1 is below 100"],
    ),
    "tails that meet": (
        lambda c: c.update(accounts_outcomes={"winsorise": 0.9}),
        ["winsorise: 0.9 is not below 0.5"],
    ),
    "an unknown moderator": (
        lambda c: c.update(pool={"moderators": ["gdp"]}),
        ["`gdp` is not known for BE", "add `attributes: {gdp: …}` below the country"],
    ),
    "an unknown method of pooling": (
        lambda c: c.update(pool={"method": "reml"}),
        ["pool.method: 'reml' is not known", "paule-mandel"],
    ),
    "official rates that are not there": (
        lambda c: belgium(c).update(official_rates="rates.csv"),
        ["rates.csv does not exist", "the columns wave, sector, size, partner, rate"],
    ),
    "a deflator that is not there": (
        lambda c: belgium(c)["accounts"].update(deflator={"file": "p.csv", "base_year": 2005}),
        ["p.csv does not exist", "the columns year and index"],
    ),
    "a run's name with blanks": (lambda c: c.update(run="my run"), ["run: 'my run'", "Letters"]),
    "a checksum cut off": (lambda c: wave(c).update(sha256="abc"), ["sha256: 'abc'", "Checksum"]),
    "an export that is not there": (
        lambda c: c.update(pool_from=["nl.zip"]),
        ["pool_from: nl.zip: does not exist", "name the export.zip a centre sent"],
    ),
    "another models file": (
        lambda c: c.update(models_file="config/modles.yaml"),
        ["the file does not exist", "did you mean `models.yaml`"],
    ),
}


@pytest.mark.parametrize("case", CONFIGS)
def test_configs(refusal, case):
    change, fragments = CONFIGS[case]
    message = refusal(change)
    for fragment in fragments:
        assert fragment in message


# --- models, claims, truths ---------------------------------------------------------------------


def set_in(*path, **changes):
    """Return a change of keys deep in a document; None removes a key."""

    def change(document):
        for key in path:
            document = document[key]
        for key, value in changes.items():
            if value is None:
                document.pop(key)
            else:
                document[key] = value

    return change


SETTINGS = [
    ("models", set_in("faems2005", estimator="tobits"), ["'tobits' is not known", "`tobit`"]),
    (
        "models",
        set_in("faems2005", estimator="heteroskedastic_tobit"),
        ["`variance` is missing"],
    ),
    (
        "models",
        set_in("faems2005_fractional", alternatives=["two_part"]),
        ["`alternatives` goes with `estimator: tobit`"],
    ),
    ("models", set_in("faems2005", alternatives=["logit"]), ["alternatives[0]: 'logit'"]),
    ("models", set_in("faems2005", limits=None), ["`limits` is missing", "Lower and upper limit"]),
    ("models", set_in("faems2005", limits=[0]), ["limits: [0] has fewer than 2 entries"]),
    ("models", set_in("faems2005", covariance=["HC4"]), ["covariance[0]: 'HC4'", "HC0, HC1"]),
    (
        "models",
        set_in("faems2005", columns=["coop_any"]),
        ["['coop_any'] is not a mapping"],
    ),
    ("models", set_in("faems2005", outcomes=None), ["`outcomes` is missing", "Dependent"]),
    ("models", set_in("faems2005", lags=[1]), ["keys do not go together", "estimator: balance"]),
    ("models", set_in("faems2005", weights=["weight"]), ["weights: ['weight']", "[none, weight]"]),
    (
        "models",
        set_in("faems2010_direct", equations=None),
        ["faems2010_direct: a key is missing", "either `equations` or `union_of`"],
    ),
    (
        "models",
        set_in("faems2010_union", union_of=["faems2010_direct", "faems2010_persnel"]),
        ["there is no model `faems2010_persnel`", "`faems2010_personnel`"],
    ),
    ("models", set_in("iv_margin", instruments=None), ["`instruments` is missing", "add it: IV"]),
    ("models", set_in("panel_margin", methods=["gls"]), ["methods[0]: 'gls'", "within"]),
    ("claims", set_in("claims", "C1", "test", model="faems2006"), ["no model `faems2006`"]),
    ("claims", set_in("claims", "C1", "test", outcome="radcal"), ["no outcome `radcal`"]),
    ("claims", set_in("claims", "C1", "test", column="groups"), ["no column `groups`"]),
    ("claims", set_in("claims", "C1", "test", term="coop_exploit"), ["no term `coop_exploit`"]),
    ("claims", set_in("claims", "C1", "test", expect="up"), ["expect: 'up' is not known"]),
    (
        "claims",
        set_in("claims", "C2", "test", smallest_effect=None),
        ["`smallest_effect` is missing", "in units of the coefficient"],
    ),
    ("simulate", set_in("tobit", incremental=None), ["tobit: `incremental` is missing"]),
    ("simulate", set_in("tobit", "radical", sigma="wide"), ["sigma: 'wide' is not a number"]),
    ("simulate", set_in(nonsense=1), ["unknown key `nonsense`"]),
]


@pytest.mark.parametrize(("file", "change", "fragments"), SETTINGS)
def test_models_claims_and_truths(refusal, file, change, fragments):
    models = None
    if file == "models":
        models = ["faems2005", "faems2010_direct", "iv_margin", "panel_margin"]
    message = refusal(change, file, models)
    for fragment in fragments:
        assert fragment in message
