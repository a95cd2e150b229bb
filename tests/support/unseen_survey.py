"""Surveys of the CIS type that no codebook knows, each written as another office would. SYNTHETIC.

Every function writes an extract (and its labels) into a folder and returns a :class:`Survey`, with
what each canonical variable is made of.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

PARTNERS = {
    "group": "Other enterprises within your enterprise group",
    "suppliers": "Suppliers of equipment, materials, components or software",
    "clients": "Customers or clients",
    "competitors": "Competitors or other enterprises in your sector",
    "consultants": "Consultants, commercial labs or private R&D institutes",
    "universities": "Universities or other higher education institutions",
    "public_research": "Government or public research institutes",
}
DIVISIONS = ["10", "13", "16", "20", "22", "25", "26", "28", "31", "46", "62"]
WORDS = {
    "10": "Food products",
    "13": "Textiles",
    "16": "Wood products",
    "20": "Chemicals",
    "22": "Rubber and plastics",
    "25": "Metal products",
    "26": "Electronics",
    "28": "Machinery",
    "31": "Furniture",
    "46": "Wholesale trade",
    "62": "Computer programming",
}


@dataclass(frozen=True)
class Survey:
    """A survey that was written.

    Attributes
    ----------
    country, wave
        Whose and when.
    extract
        Its file.
    labels
        Its tables of labels.
    columns
        Per canonical variable the columns it is made of.
    """

    country: str
    wave: str
    extract: Path
    labels: tuple[Path, ...] = ()
    columns: dict[str, set[str]] = field(default_factory=dict)


def answers(n: int = 360, seed: int = 7) -> pd.DataFrame:
    """Draw firms; yes/no as 1/0, what was not asked is missing, amounts in euro."""
    rng = np.random.default_rng(seed)

    def yes(p, asked=None):
        answer = (rng.random(n) < p).astype(float)
        return answer if asked is None else np.where(asked, answer, np.nan)

    f = pd.DataFrame({"division": rng.choice(DIVISIONS, n)})
    f["staff"] = 10 + np.round(np.exp(rng.normal(3.6, 1, n)))
    f["staff_before"] = np.maximum(f["staff"] - rng.integers(0, 5, n), 10)
    f["sales"] = np.round(f["staff"] * np.exp(rng.normal(12, 0.6, n)), -3)
    f["weight"] = np.round(rng.uniform(1, 6, n), 3)
    f["group"], f["abroad"] = yes(0.35), yes(0.5)
    f["goods"], f["services"], f["methods"] = yes(0.45), yes(0.25), yes(0.4)
    shared = (f["goods"] + f["services"]) > 0
    active = shared | (f["methods"] > 0)
    partner = yes(0.5, active)
    f["partner"] = partner
    for i, name in enumerate(PARTNERS):
        for place, share in (("home", 0.5), ("europe", 0.3), ("world", 0.15)):
            f[f"{name}_{place}"] = yes(share * (1 - 0.08 * i), partner == 1)
    helped = f[["suppliers_home", "clients_home"]].fillna(0).max(axis=1)
    firm = np.round(np.clip(6 + 5 * helped + rng.normal(0, 12, n), 0, 60))
    market = np.round(np.clip(rng.normal(1, 10, n), 0, 30))
    f["new_firm"], f["new_market"] = (
        np.where(shared, firm, np.nan),
        np.where(shared, market, np.nan),
    )
    f["unchanged"] = 100 - f["new_firm"] - f["new_market"]
    for name, p in (("rd_own", 0.5), ("rd_bought", 0.3)):
        f[name] = yes(p, active)
        spent = np.round(f["sales"] * np.exp(rng.normal(-4, 0.7, n)).clip(0, 0.2), -3)
        f[f"{name}_spent"] = np.where(f[name] == 1, spent, np.nan)
    f["patent"], f["state"] = yes(0.2), yes(0.25, active)
    f["heard_clients"] = np.where(active, rng.integers(0, 4, n), np.nan)
    return f


def coded(values, yes: str, no: str, blank: str = "") -> list[str]:
    """Return yes/no answers as text."""
    return [blank if v != v else yes if v else no for v in values]


def amounts(values, unit: float = 1, digits: int = 0, decimal: str = ".") -> list[str]:
    """Return numbers as text, in a unit."""
    return ["" if v != v else f"{v / unit:.{digits}f}".replace(".", decimal) for v in values]


class _Sheet:
    """Columns with their labels and what they are."""

    def __init__(self) -> None:
        self.data: dict[str, object] = {}
        self.labels: dict[str, str] = {}
        self.columns: dict[str, set[str]] = {}

    def add(self, name: str, values, label: str = "", variable: str = "") -> None:
        self.data[name], self.labels[name] = values, label
        if variable:
            self.columns.setdefault(variable, set()).add(name)

    def frame(self) -> pd.DataFrame:
        return pd.DataFrame(self.data)


def words_and_commas(folder: Path, n: int = 360) -> Survey:
    """Own names; answers in words; semicolons and decimal commas; labels in a table beside."""
    f, s = answers(n), _Sheet()

    def yn(v):
        return coded(v, "Yes", "No")

    s.add("FirmNo", [f"F{i:05d}" for i in range(n)], "Firm identification number", "firm_id")
    s.add("branch", f["division"].map(WORDS), "Main economic activity of the enterprise", "nace")
    s.add("staff_2016", amounts(f["staff"]), "Number of employees in 2016", "employees")
    before = "Number of employees in 2014"
    s.add("staff_2014", amounts(f["staff_before"]), before, "employees_lag2")
    thousand = amounts(f["sales"], 1000)
    s.add("sales_2016", thousand, "Total turnover in 2016 (thousand EUR)", "turnover")
    s.add("in_group", yn(f["group"]), "Is your enterprise part of an enterprise group?", "group")
    for name, what in (("goods", "goods"), ("services", "services")):
        label = f"Introduced new or significantly improved {what}"
        s.add(f"new_{name}", yn(f[name]), label, "product_innovation")
    label = "Introduced new or significantly improved production methods"
    s.add("new_methods", yn(f["methods"]), label, "process_innovation")
    for name, column, what in (
        ("sh_old", "unchanged", "unchanged or only marginally modified products"),
        ("sh_firm", "new_firm", "products only new to your enterprise"),
        ("sh_mkt", "new_market", "products new to the market"),
    ):
        share = amounts(f[column], 100, 2, ",")
        s.add(name, share, f"Share of turnover from {what}", f"share_{column}")
    for name, what in (("rd_own", "in-house"), ("rd_bought", "contracted-out")):
        variable = "rd_internal" if name == "rd_own" else "rd_external"
        s.add(name, yn(f[name]), f"Did the enterprise perform {what} R&D?")
        spent = amounts(f[f"{name}_spent"], 1000)
        s.add(f"{name}_k", spent, f"Expenditure on {what} R&D (thousand EUR)", variable)
    s.add(
        "coop", yn(f["partner"]), "Cooperation on innovation with other organisations", "coop_any"
    )
    for i, (name, who) in enumerate(PARTNERS.items(), start=1):
        for place, where, kind in (
            ("home", "in the same country", "domestic"),
            ("europe", "elsewhere in Europe", "foreign"),
            ("world", "all other countries", "foreign"),
        ):
            label = f"Cooperation with: {who}, {where}"
            s.add(f"p{i}_{place}", yn(f[f"{name}_{place}"]), label, f"coop_{name}_{kind}")
    degrees = ["Not important", "Low", "Medium", "High"]
    heard = ["" if v != v else degrees[int(v)] for v in f["heard_clients"]]
    s.add("imp_cust", heard, "Importance of information source: customers", "source_clients")
    s.add("pat", yn(f["patent"]), "Did the enterprise apply for a patent?", "protect_patent")
    s.add("remarks", ["see mail"] * 2 + [""] * (n - 2), "Interviewer's remarks")
    extract, beside = folder / "firms2016.csv", folder / "questions.csv"
    s.frame().to_csv(extract, sep=";", index=False, encoding="latin-1")
    table = pd.DataFrame({"item": list(s.labels), "question text": list(s.labels.values())})
    table.to_csv(beside, index=False)
    return Survey("NL", "2016", extract, (beside,), s.columns)


def question_numbers(folder: Path, n: int = 360) -> Survey:
    """Numbers of questions for names; codes explained in a table with a row per code; 98 and 99."""
    f, s, codes = answers(n, 8), _Sheet(), []
    rng = np.random.default_rng(9)

    def add(values, label, variable="", meanings=()):
        name = f"Q{len(s.data) + 1:02d}"
        s.add(name, values, label, variable)
        codes.extend((name, code, meaning) for code, meaning in meanings)

    def yn(v):
        answered = coded(v, "1", "2")
        return [rng.choice(["98", "99"]) if a and rng.random() < 0.02 else a for a in answered]

    meanings = [("1", "Yes"), ("2", "No"), ("98", "Don't know"), ("99", "No answer")]
    add([str(i + 1) for i in range(n)], "Case identifier", "firm_id")
    add(f["division"] + "10", "Standard industrial classification 2007", "nace")
    add(amounts(f["staff"]), "How many people were employed in 2014?", "employees")
    add(amounts(f["sales"], 1e6, 3), "Total turnover in 2014 (£ million)", "turnover")
    add(yn(f["group"]), "Is this business part of a business group?", "group", meanings)
    for name in ("goods", "services"):
        label = f"Did this business introduce any new or significantly improved {name}?"
        add(yn(f[name]), label, "product_innovation", meanings)
    label = "Did this business introduce any new or significantly improved production processes?"
    add(yn(f["methods"]), label, "process_innovation", meanings)
    for column, what in (
        ("unchanged", "unchanged or only marginally modified"),
        ("new_firm", "only new to your business"),
        ("new_market", "new to your market"),
    ):
        label = f"Percentage of turnover 2014 from goods and services that were {what}"
        add(amounts(f[column]), label, f"share_{column}")
    add(
        amounts(f["rd_own_spent"].fillna(0), 1e6, 4),
        "Spending on internal R&D (£ million)",
        "rd_internal",
    )
    add(
        amounts(f["rd_bought_spent"].fillna(0), 1e6, 4),
        "Spending on acquired external R&D (£ million)",
        "rd_external",
    )
    label = "Did your business co-operate on any innovation activities with others?"
    add(yn(f["partner"]), label, "coop_any", meanings)
    for name, who in PARTNERS.items():
        for place, where, kind in (
            ("home", "UK national", "domestic"),
            ("europe", "European countries", "foreign"),
            ("world", "All other countries", "foreign"),
        ):
            label = f"Innovation co-operation partner: {who} - {where}"
            add(yn(f[f"{name}_{place}"]), label, f"coop_{name}_{kind}", meanings)
    add(rng.integers(0, 90, n), "Percentage of employees with a degree in science or engineering")
    extract = folder / "ukis.csv"
    labels = (folder / "variables.csv", folder / "values.csv")
    s.frame().to_csv(extract, index=False)
    pd.DataFrame(list(s.labels.items()), columns=["name", "label"]).to_csv(labels[0], index=False)
    pd.DataFrame(codes, columns=["name", "value", "label"]).to_csv(labels[1], index=False)
    return Survey("UK", "2014", extract, labels, s.columns)


def spanish_spss(folder: Path, n: int = 360) -> Survey:
    """An SPSS file with names, labels and value labels in Spanish."""
    import pyreadstat

    f, s, values = answers(n, 10), _Sheet(), {}

    def flag(name, column, label, variable=""):
        s.add(name, f[column], label, variable)
        values[name] = {1.0: "Sí", 0.0: "No"}

    s.add("IDENT", np.arange(n) + 10001, "Número de identificación de la empresa", "firm_id")
    s.add("CNAE", f["division"], "Rama de actividad principal (CNAE-2009)", "nace")
    s.add("PESO", f["weight"], "Factor de elevación", "weight")
    s.add("TAMANO", f["staff"], "Número de empleados en 2010", "employees")
    s.add("CIFRA", f["sales"], "Cifra de negocios en 2010 (euros)", "turnover")
    flag("GRUPO", "group", "La empresa forma parte de un grupo de empresas", "group")
    label = "Introdujo bienes nuevos o sensiblemente mejorados"
    flag("INNOBIEN", "goods", label, "product_innovation")
    label = "Introdujo servicios nuevos o sensiblemente mejorados"
    flag("INNOSERV", "services", label, "product_innovation")
    label = "Introdujo métodos de fabricación nuevos o mejorados"
    flag("INNFABRI", "methods", label, "process_innovation")
    share = "Porcentaje de la cifra de negocios debido a productos"
    s.add("OLD", f["unchanged"], f"{share} sin cambios", "share_unchanged")
    s.add("NEWEMP", f["new_firm"], f"{share} nuevos únicamente para la empresa", "share_new_firm")
    s.add("NEWMER", f["new_market"], f"{share} nuevos para el mercado", "share_new_market")
    own, bought = f["rd_own_spent"].fillna(0), f["rd_bought_spent"].fillna(0)
    s.add("GINTID", own, "Gasto en I+D interna en 2010 (euros)", "rd_internal")
    s.add("GEXTID", bought, "Gasto en I+D externa en 2010 (euros)", "rd_external")
    flag("COOPERA", "partner", "Cooperó en innovación con otras empresas o entidades", "coop_any")
    who = dict(
        zip(
            PARTNERS,
            [
                "otras empresas de su mismo grupo",
                "proveedores de equipo, material o software",
                "clientes",
                "competidores u otras empresas del sector",
                "consultores o laboratorios comerciales",
                "universidades u otros centros de enseñanza superior",
                "organismos públicos de investigación",
            ],
            strict=True,
        )
    )
    for i, name in enumerate(PARTNERS, start=1):
        for j, (place, where, kind) in enumerate(
            (
                ("home", "España", "domestic"),
                ("europe", "otros países de Europa", "foreign"),
                ("world", "otros países", "foreign"),
            ),
            start=1,
        ):
            label = f"Cooperación con {who[name]} en {where}"
            flag(f"COOP{i}{j}", f"{name}_{place}", label, f"coop_{name}_{kind}")
    label = "Financiación pública de la administración del Estado"
    flag("FINAGE", "state", label, "fund_national")
    extract = folder / "encuesta2010.sav"
    pyreadstat.write_sav(
        s.frame(), str(extract), column_labels=list(s.labels.values()), variable_value_labels=values
    )
    return Survey("ES", "2010", extract, (), s.columns)


def classes_in_stata(folder: Path, n: int = 360) -> Survey:
    """A Stata file with tagged missings, and size classes instead of employees; no place."""
    import pyreadstat

    f, s = answers(n, 11), _Sheet()
    meanings = {1: "yes", 0: "no", "a": "don't know", "c": "not asked"}
    values: dict[str, dict] = {}

    def flag(name, given, label, variable=""):
        tagged = pd.Series(given, dtype=object)
        tagged = tagged.where(tagged.notna(), "c")
        tagged[::37] = "a"
        s.add(name, tagged, label, variable)
        values[name] = meanings

    s.add("firm_no", np.arange(n) + 1.0, "firm number", "firm_id")
    s.add("nace2", f["division"].astype(float), "NACE Rev. 2 division of main activity", "nace")
    size = np.select([f["staff"] < 50, f["staff"] < 250], [1.0, 2.0], 3.0)
    s.add("sizeband", size, "size class (number of employees)", "size_class")
    values["sizeband"] = {1: "10-49 employees", 2: "50-249 employees", 3: "250 employees and more"}
    s.add("rev16", f["sales"] / 1000, "turnover 2016, thousand EUR", "turnover")
    flag("grp", f["group"], "enterprise is part of a group", "group")
    flag("inno_good", f["goods"], "introduced a new or improved good", "product_innovation")
    flag("inno_proc", f["methods"], "introduced a new or improved process", "process_innovation")
    s.add(
        "sales_mkt",
        f["new_market"],
        "% of turnover from new-to-market products",
        "share_new_market",
    )
    s.add("sales_firm", f["new_firm"], "% of turnover from new-to-firm products", "share_new_firm")
    s.add("sales_same", f["unchanged"], "% of turnover from unchanged products", "share_unchanged")
    own, bought = f["rd_own_spent"].fillna(0) / 1000, f["rd_bought_spent"].fillna(0) / 1000
    s.add("rd_int", own, "in-house R&D expenditure, thousand EUR", "rd_internal")
    s.add("rd_ext", bought, "external R&D expenditure, thousand EUR", "rd_external")
    flag("coll", f["partner"], "collaborated on innovation with other organisations", "coop_any")
    for name, who in PARTNERS.items():
        places = f[[f"{name}_{place}" for place in ("home", "europe", "world")]]
        flag(
            f"c_{name[:4]}",
            places.max(axis=1),
            f"collaborated with: {who}",
            f"coop_{name}_domestic",
        )
    frame, extract = s.frame(), folder / "survey2016.dta"
    tagged = {c: ["a", "c"] for c, known in values.items() if known is meanings}
    pyreadstat.write_dta(
        frame,
        str(extract),
        column_labels=list(s.labels.values()),
        variable_value_labels=values,
        missing_user_values=tagged,
        version=14,
    )
    return Survey("FI", "2016", extract, (), s.columns)


def ticked_boxes(folder: Path, n: int = 360) -> Survey:
    """No identifier; boxes ticked or left blank; no question on cooperation but the partners'."""
    import xlsxwriter

    f, s = answers(n, 12), _Sheet()

    def box(name, column, label, variable):
        s.add(name, ["1" if v == 1 else "" for v in f[column]], label, variable)

    s.add("industry", f["division"].map(WORDS), "Industry of main activity", "nace")
    s.add("emp", amounts(f["staff"]), "Total number of employees 2012", "employees")
    s.add("turn", amounts(f["sales"], 1000), "Turnover 2012 (R'000)", "turnover")
    box("grp", "group", "Part of an enterprise group", "group")
    box("prd", "goods", "New or significantly improved goods introduced", "product_innovation")
    box(
        "prc",
        "methods",
        "New or significantly improved methods of production",
        "process_innovation",
    )
    for name, column, what in (
        ("s_unc", "unchanged", "unchanged or marginally modified products"),
        ("s_frm", "new_firm", "innovations new to the firm"),
        ("s_mkt", "new_market", "innovations new to the market"),
    ):
        share = amounts(f[column].where(f["goods"] == 1), 100, 2)
        s.add(name, share, f"Turnover share of {what}", f"share_{column}")
    for name, column, what in (("rdi", "rd_own", "Intramural"), ("rde", "rd_bought", "Extramural")):
        variable = "rd_internal" if name == "rdi" else "rd_external"
        spent = amounts(f[f"{column}_spent"], 1000)
        s.add(name, spent, f"{what} R&D expenditure 2012 (R'000)", variable)
    for name, who in PARTNERS.items():
        for place, where, kind in (
            ("home", "South Africa", "domestic"),
            ("europe", "Europe", "foreign"),
            ("world", "Rest of Africa", "foreign"),
        ):
            label = f"Collaboration partner: {who} - {where}"
            box(f"{name[:4]}_{place}", f"{name}_{place}", label, f"coop_{name}_{kind}")
            s.columns.setdefault("coop_any", set()).add(f"{name[:4]}_{place}")
    s.columns["firm_id"] = set()
    extract, labels = folder / "bis.csv", folder / "metadata.xlsx"
    s.frame().to_csv(extract, index=False)
    with xlsxwriter.Workbook(str(labels)) as book:
        book.add_worksheet("Read me").write(0, 0, "Anonymised")
        sheet = book.add_worksheet("Variables")
        for i, row in enumerate([("Name", "Description"), *s.labels.items()]):
            sheet.write_row(i, 0, row)
    return Survey("ZA", "2012", extract, (labels,), s.columns)


def pooled(folder: Path, n: int = 150) -> Survey:
    """Two countries and two waves in one file; telling names, no labels; 1.0 and 0.0; fractions."""
    frames, s = [], _Sheet()
    for seed, (country, year) in enumerate((c, y) for c in ("NL", "DE") for y in ("2012", "2014")):
        f, s = answers(n, 20 + seed), _Sheet()
        s.add("cntry", [country] * n)
        s.add("svyyear", [year] * n)
        s.add("entid", [f"{country}{year}{i:05d}" for i in range(n)], "", "firm_id")
        s.add("sector", f["division"], "", "nace")
        s.add("wgt", f["weight"], "", "weight")
        s.add("empl", f["staff"], "", "employees")
        s.add("turnover_eur", f["sales"], "", "turnover")
        s.add("group", f["group"], "", "group")
        s.add("new_product", f[["goods", "services"]].max(axis=1), "", "product_innovation")
        s.add("new_process", f["methods"], "", "process_innovation")
        s.add("sh_unch", f["unchanged"] / 100, "", "share_unchanged")
        s.add("sh_newfirm", f["new_firm"] / 100, "", "share_new_firm")
        s.add("sh_newmkt", f["new_market"] / 100, "", "share_new_market")
        s.add("rd_inhouse_exp", f["rd_own_spent"].fillna(0), "", "rd_internal")
        s.add("rd_extramural_exp", f["rd_bought_spent"].fillna(0), "", "rd_external")
        s.add("coop", f["partner"], "", "coop_any")
        for name in PARTNERS:
            s.add(f"coop_{name}_nat", f[f"{name}_home"], "", f"coop_{name}_domestic")
            abroad = f[[f"{name}_europe", f"{name}_world"]].max(axis=1)
            s.add(f"coop_{name}_int", abroad, "", f"coop_{name}_foreign")
        frames.append(s.frame())
    extract = folder / "pooled.csv"
    pd.concat(frames).to_csv(extract, index=False)
    return Survey("NL", "2012", extract, (), s.columns)


def harmonised(
    folder: Path, n: int = 360, yes: str = "1", no: str = "0", renamed: dict[str, str] | None = None
) -> Survey:
    """Eurostat's names of CIS 2012, with codes and misspelt names of one's own."""
    f, s = answers(n, 13), _Sheet()

    def yn(v):
        return coded(v, yes, no)

    s.add("ID", np.arange(n) + 1)
    s.add("NACE", f["division"])
    s.add("WEIGHT", f["weight"])
    s.add("EMP12", amounts(f["staff"]))
    s.add("EMP10", amounts(f["staff_before"]))
    s.add("TURN12", amounts(f["sales"], 1000))
    for name, column in (("GP", "group"), ("MAREUR", "abroad"), ("MAROTH", "abroad")):
        s.add(name, yn(f[column]))
    s.add("INPDGD", yn(f["goods"]))
    s.add("INPDSV", yn(f["services"]))
    for name in ("INPSPD", "INPSLG", "INPSSU"):
        s.add(name, yn(f["methods"]))
    s.add("INONG", yn(f["methods"] * 0))
    s.add("INABA", yn(f["methods"] * 0))
    s.add("TURNMAR", amounts(f["new_market"]))
    s.add("TURNIN", amounts(f["new_firm"]))
    s.add("TURNUNG", amounts(f["unchanged"]))
    for name, column in (("RRDIN", "rd_own"), ("RRDEX", "rd_bought")):
        s.add(name, yn(f[column]))
        s.add(f"{name}X", amounts(f[f"{column}_spent"], 1000))
    s.add("RMACX", amounts(f["rd_own_spent"], 1000))
    s.add("ROEKX", amounts(f["rd_own_spent"], 1000))
    s.add("CO", yn(f["partner"]))
    for i, name in enumerate(PARTNERS, start=1):
        for row in ("31", "32") if name == "clients" else (str(i),):
            places = ("home", "europe", "world", "world", "world")
            for j, place in enumerate(places, start=1):
                s.add(f"CO{row}{j}", yn(f[f"{name}_{place}"]))
    extract = folder / "cis2012.csv"
    s.frame().rename(columns=renamed or {}).to_csv(extract, index=False)
    return Survey("SE", "2012", extract)
