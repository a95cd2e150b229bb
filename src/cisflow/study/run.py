"""One run: its config, models and claims, checked before any job starts."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from cisflow.base.documents import did_you_mean, read_yaml, validated
from cisflow.base.paths import files_of, found, places, shipped
from cisflow.base.problems import CisflowError, Problem
from cisflow.study.claims import Claims, claim_problems, rule_problems
from cisflow.study.codebook import Codebook
from cisflow.study.codebook_files import codebook_files, load_codebook
from cisflow.study.confirmation import confirmed_problems, counted_if, needed, unconfirmed
from cisflow.study.constructs import construct_problems, definitions_in_order, with_constructs
from cisflow.study.digests import spec_digest
from cisflow.study.disclosure import UNRESTRICTED, Profile, profile_of, profile_problems
from cisflow.study.exports import Export, disagreements, read_exports, with_exports
from cisflow.study.languages import translation_problems
from cisflow.study.marks import stamp_of
from cisflow.study.model_terms import term_problems
from cisflow.study.models import Model, expanded
from cisflow.study.settings import Accounts, Country, Deflator, Extract, Sent, Settings
from cisflow.study.surveys import Survey
from cisflow.study.variables import panel_kinds

MOST_LAG = 6  # years a config may ask for


@dataclass(frozen=True)
class Run:
    """A checked run."""

    settings: Settings  # the config with defaults filled in
    models: dict[str, Model]  # the models this run estimates, by name
    claims: Claims
    truth: dict[str, Any] | None  # the truth file of a run that simulates its extracts, else None
    root: Path  # the project's folder; what its `config/` has goes before what comes with cisflow
    # Estimates of other centres; their countries are in `settings` beside those at hand.
    exports: tuple[Export, ...] = ()
    profile: Profile = UNRESTRICTED  # the rules by which numbers leave `microdata/`
    # Per country and wave the variables the run needs whose mapping nobody has confirmed, each with
    # its state; what is published is marked so.
    unconfirmed: Mapping[tuple[str, str], Mapping[str, str]] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Name of the run, the folder below ``results/``."""
        return self.settings.run

    @property
    def countries(self) -> dict[str, Country | Sent]:
        """Countries by two-letter code."""
        return self.settings.countries

    @cached_property
    def at_hand(self) -> dict[str, Country]:
        """Countries whose extracts are at hand: all but those that come as exported estimates."""
        return {code: of for code, of in self.countries.items() if isinstance(of, Country)}

    @property
    def attributes(self) -> dict[str, Any]:
        """What is known of each country, by its code."""
        return {code: of.as_params().get("attributes", {}) for code, of in self.countries.items()}

    @property
    def digests(self) -> dict[str, str]:
        """Digest of each model's specification."""
        return {name: spec_digest(model.as_params()) for name, model in self.models.items()}

    @property
    def pooled(self) -> bool:
        """Whether it pools its estimates: whether it has more than one country."""
        return len(self.countries) > 1

    @property
    def constructs(self) -> dict[str, str]:
        """Definitions of the user's own constructs, each after those it is made of."""
        return definitions_in_order(self.settings.constructs)

    @property
    def synthetic(self) -> bool:
        """Whether everything this run publishes is stamped SYNTHETIC."""
        return self.settings.data == "synthetic"

    @property
    def stamp(self) -> str:
        """What its tables and records say of the data they rest on."""
        return stamp_of(self.settings.data, self.settings.unconfirmed)

    @property
    def codebook_folders(self) -> list[Path]:
        """Folders in which a codebook's name is looked up."""
        return places("config/codebooks", self.root)

    def waves(self, country: str) -> list[str]:
        """Return the waves of ``country`` in the order of the config."""
        return list(self.countries[country].waves)

    def employees_from(self, country: str) -> dict[str, int]:
        """Return, for waves whose survey says so, the fewest employees of its population."""
        told = self.settings.surveys.get(country, {})
        least = {w: s.population.employees_from for w, s in told.items() if s.population}
        return {wave: count for wave, count in least.items() if count is not None}

    def has_accounts(self, country: str) -> bool:
        """Return whether ``country`` has company accounts."""
        return self.countries[country].accounts is not None

    def deflator(self, country: str) -> Deflator | None:
        """Return file and base year of the prices the accounts are deflated by, if any."""
        about = self.at_hand.get(country)
        return about.accounts.deflator if about and about.accounts else None

    def source(self, country: str, wave: str) -> Extract | Accounts:
        """Return file, codebook and checksum of a wave, or of the accounts.

        Raises
        ------
        KeyError
            The country has no such extract at hand.
        """
        about = self.at_hand[country]
        if wave == "accounts" and about.accounts:
            return about.accounts
        return about.waves[wave]

    def files(self, country: str) -> dict[str, str | tuple[str, ...]]:
        """Return the extract of every wave, and of the accounts if there are any.

        An extract that consists of several files is all of them.
        """
        names = [*self.waves(country), *(["accounts"] * self.has_accounts(country))]
        return {name: self.source(country, name).file for name in names}

    def sources(self) -> Iterator[tuple[str, str, Extract | Accounts]]:
        """Yield country, wave (or ``"accounts"``) and source of every extract."""
        for country in self.at_hand:
            for wave in self.files(country):
                yield country, wave, self.source(country, wave)

    def codebook_files(self, country: str, wave: str) -> list[str]:
        """Return the files a wave's codebook is made of, itself first."""
        name = self.source(country, wave).codebook
        return [str(path) for path in codebook_files(name, self.codebook_folders)]

    def heading(self, country: str, wave: str) -> str:
        """Return what to call an extract in messages."""
        source = self.source(country, wave)
        what = "accounts" if wave == "accounts" else f"wave {wave}"
        file = " + ".join(path.as_posix() for path in files_of(source.file))
        return f"{self.countries[country].name}, {what} ({file})"


def load_run(
    config: dict[str, Any], root: Path, *, file: str = "the config", absent: Collection[str] = ()
) -> Run:
    """Check a config and everything it names.

    Parameters
    ----------
    config
        What the user wrote.
    file
        What to call the config in messages.
    absent
        Codes of countries to do without; the checked config says how they are called.

    Raises
    ------
    CisflowError
        All that is wrong: keys, models, claims, codebooks, missing extracts.
    """

    def checked(document: dict[str, Any], schema: str, name: str) -> dict[str, Any]:
        return validated(document, shipped("workflow", "schemas", f"{schema}.schema.yaml"), name)

    settings = Settings.model_validate(checked(config, "config", file))
    if absent:
        countries = settings.countries.items()
        left = {code: of for code, of in countries if code not in absent}
        without = {code: {"name": of.name} for code, of in countries if code in absent}
        settings = settings.model_copy(update={"countries": left, "absent": without})
    names = {"models": settings.models_file, "claims": settings.claims_file}
    names["nace"] = "config/nace.yaml"
    if settings.simulate:
        names["truth"] = settings.simulate
    files = {
        schema: checked(read_yaml(found(name, root)), schema, name)
        for schema, name in names.items()
    }
    changes = settings.model_changes
    claims = Claims.model_validate(files["claims"])
    unknown = sorted(set(changes) - set(files["models"]))
    changed = {name: {**spec, **changes.get(name, {})} for name, spec in files["models"].items()}
    if changes:
        changed = checked(changed, "models", f"{file}, model_changes")
    models, union_problems = expanded(changed)
    language = _language_problems(settings, models)
    chosen = {name: models[name] for name in settings.models if name in models}
    if not language:
        own = settings.constructs
        chosen = {name: with_constructs(model, own) for name, model in chosen.items()}
    exports, export_problems = read_exports(settings.pool_from or ())
    disclosure = list(profile_problems(settings, root))
    profile = UNRESTRICTED if disclosure else profile_of(settings, root)
    merged = with_exports(settings, exports)
    merged = merged.model_copy(update={"minimum_cell": profile.minimum_cell})
    run = Run(merged, chosen, claims, files.get("truth"), root, tuple(exports), profile)
    codebooks, codebook_problems = _codebooks(run)
    run = _marked(_with_surveys(run, codebooks), codebooks, language)
    problems = [
        *language,
        *disclosure,
        *export_problems,
        *disagreements(exports, settings, run.digests, files["nace"]),
        *_pool_problems(run),
        *union_problems,
        *(
            Problem(f"model_changes: there is no model `{name}`", did_you_mean(name, models))
            for name in unknown
        ),
        *_model_problems(run, models),
        *_path_problems(run),
        # Claims may be about what this run changes; their verdicts then say so.
        *_claim_problems(run, expanded(files["models"])[0] if changes else models),
        *translation_problems(run.settings.language, root),
        *_simulation_problems(run),
        *codebook_problems,
        *_source_problems(run),
        *_record_problems(run),
        *_outcome_problems(run),
    ]
    if problems:
        raise CisflowError(file, problems)
    return run


def _claim_problems(run: Run, models: Mapping[str, Model]) -> list[Problem]:
    """Return what is wrong with the claims file, and with what it asks of the models.

    Of a models file that is not the one the claims were written for it asks nothing: what that
    file has not got is not run, or not estimable, and the verdict says so.
    """
    own, _ = construct_problems(run.settings.constructs, panel_kinds(range(MOST_LAG + 1), {}))
    problems = rule_problems(run.claims.rule, panel_kinds(range(MOST_LAG + 1), own))
    usual = {name: Settings.model_fields[name].default for name in ("models_file", "claims_file")}
    files = {name: getattr(run.settings, name) for name in usual}
    if [files[name] == usual[name] for name in usual] != [False, True]:
        problems += claim_problems(run.claims, models)
    return problems


def _language_problems(settings: Settings, models: Mapping[str, Model]) -> list[Problem]:
    """Return what is wrong with the terms of all models and the definitions of constructs."""
    lags = range(MOST_LAG + 1)
    own, problems = construct_problems(settings.constructs, panel_kinds(lags, {}))
    kinds = panel_kinds(lags, own)
    for name, model in models.items():
        problems += term_problems(name, model, kinds if name in settings.models else None)
    return problems


def _model_problems(run: Run, models: Mapping[str, Model]) -> Iterator[Problem]:
    for name in run.settings.models:
        if name not in models:
            what = f"models: `{name}` is not in {run.settings.models_file}"
            yield Problem(what, did_you_mean(name, models))


def _path_problems(run: Run) -> Iterator[Problem]:
    """Yield what a path model of the run asks for that cannot be had."""
    lags = run.settings.lags or (run.settings.lag,)
    for name, model in run.models.items():
        if model.missing == "fiml" and model.covariance[0].kind == "HC1":
            what = f"{name}.covariance: HC1 is not available with `missing: fiml`"
            yield Problem(what, "use HC0 or {cluster: variable}")
        if model.printed:
            yield from _printed_problems(name, model, run)
        if model.layout is not None:
            yield from _layout_problems(name, model)
        absent = [lag for lag in model.lags if lag not in lags]
        if absent:
            yield Problem(
                f"{name}.lags: the run has no accounts at a lag of {absent} years",
                "add them to `lags` of the config",
            )


def _printed_problems(name: str, model: Model, run: Run) -> Iterator[Problem]:
    """Yield why a published table cannot be estimated from."""
    # Reads a table with pandas, which most runs never need while Snakemake parses.
    from cisflow.raw.printed import read_printed

    file = model.printed.file if model.printed else ""
    if len(run.countries) > 1:
        what = f"{name}.printed: the run has several countries, and a printed table is of one"
        yield Problem(what, "estimate it in a run of its country")
    if not Path(file).is_file():
        what = f"{name}.printed.file: {file} does not exist"
        yield Problem(what, "put it there; it has the columns variable, sd and one per variable")
        return
    try:
        known = set(read_printed(file)[0].columns)
    except CisflowError as error:
        yield from (Problem(f"{name}.printed: {p.said}", p.remedy) for p in error.problems)
        return
    for variable in (v for v in model.boxes if v not in known):
        what = f"{name}.printed: {file} has no row and column `{variable}`"
        yield Problem(what, did_you_mean(variable, known))


def _layout_problems(name: str, model: Model) -> Iterator[Problem]:
    """Yield boxes of a diagram that have no place, places of no box, and places taken twice."""
    boxes, placed = set(model.boxes), model.layout or {}
    for what, which in (("no place for", boxes - set(placed)), ("no box", set(placed) - boxes)):
        if which:
            yield Problem(
                f"{name}.layout: {what} {', '.join(sorted(which))}",
                "give every variable of the equations a place, and nothing else",
            )
    if len(set(placed.values())) < len(placed):
        yield Problem(f"{name}.layout: two boxes in one place", "move one of them")


def _simulation_problems(run: Run) -> Iterator[Problem]:
    if run.truth is None:
        return
    if not run.synthetic:
        yield Problem(
            "simulate: given although `data` is `real`",
            "remove `simulate:`, or set `data: synthetic` so that every output says so",
        )
    for country, wave, source in run.sources():
        for file in files_of(source.file):
            # A simulated extract must never take the place of a delivered one: neither `..` nor a
            # link leads there.
            if not file.resolve().is_relative_to(Path("data/raw").resolve() / "synthetic"):
                yield Problem(
                    f"countries.{country}.{wave}.file: {file} would be written by the simulation",
                    "put simulated extracts below data/raw/synthetic/",
                )
        if not isinstance(source.file, str):
            yield Problem(
                f"countries.{country}.{wave}.file: several files cannot be simulated",
                "name one file",
            )


def _codebooks(run: Run) -> tuple[dict[tuple[str, str], Codebook], list[Problem]]:
    """Return the codebook of every extract, and what is wrong with those that cannot be had."""
    codebooks, problems = {}, []
    for country, wave, source in run.sources():
        where = f"countries.{country}.{wave}"
        try:
            codebook = load_codebook(source.codebook, run.codebook_folders)
        except CisflowError as error:
            problems += [Problem(f"{where}: {p.said}", p.remedy) for p in error.problems]
            continue
        problems += confirmed_problems(where, codebook, source.confirmed or ())
        codebooks[country, wave] = codebook.configured(source.as_params())
    return codebooks, problems


def _with_surveys(run: Run, codebooks: Mapping[tuple[str, str], Codebook]) -> Run:
    """Return a run that knows what its config and codebooks tell of each wave's survey."""
    surveys: dict[str, dict[str, Survey]] = {}
    for (country, wave), codebook in codebooks.items():
        told = (run.at_hand[country].survey or Survey()).over(codebook.survey)
        if wave != "accounts" and told != Survey():
            surveys.setdefault(country, {})[wave] = told
    if not surveys:
        return run
    return replace(run, settings=run.settings.model_copy(update={"surveys": surveys}))


def _marked(
    run: Run, codebooks: Mapping[tuple[str, str], Codebook], unreadable: Collection[Problem]
) -> Run:
    """Return a run that knows which of the mappings it needs nobody has confirmed."""
    if unreadable:
        return run  # whose models' terms cannot be told
    wanted = {table: needed(run.models.values(), table) for table in ("firms", "accounts")}
    states = {
        place: counted_if(unconfirmed(book, wanted[book.table]), synthetic=run.synthetic)
        for place, book in codebooks.items()
    }
    sent = sum(export.about.get("unconfirmed", 0) for export in run.exports)
    total = sum(map(len, states.values())) + sent
    settings = run.settings.model_copy(update={"unconfirmed": total} if total else {})
    return replace(run, settings=settings, unconfirmed={p: s for p, s in states.items() if s})


def _record_problems(run: Run) -> Iterator[Problem]:
    """Yield why a run is no publication of record, if it is to be one."""
    if not run.settings.record:
        return
    if run.synthetic:
        remedy = "set `data: real` for survey data, or take `record` away"
        yield Problem("record: the data are synthetic", remedy)
    for (country, wave), states in run.unconfirmed.items():
        count = "1 variable is" if len(states) == 1 else f"{len(states)} variables are"
        told = ", ".join(f"{variable} ({state})" for variable, state in states.items())
        yield Problem(
            f"record: {run.heading(country, wave)}: {count} unconfirmed: {told}",
            f"hold each against the questionnaire, then `cisflow confirm CONFIG {country}/{wave} "
            "VARIABLE…`, or take `record` away: all is then marked DRAFT MAPPING",
        )
    for export in run.exports:
        if export.about.get("unconfirmed"):
            what = f"record: {export.path}: its centre read variables by mappings nobody confirmed"
            yield Problem(what, "let the centre confirm them and export again")


def _source_problems(run: Run) -> Iterator[Problem]:
    for country, wave, source in run.sources():
        files = files_of(source.file)
        if len(files) > 1 and not getattr(source, "join", None):
            yield Problem(
                f"countries.{country}.{wave}: several files and no `join:`",
                "add the column that identifies firms in all of them: `join: ID`",
            )
        absent = [] if run.truth else [file.as_posix() for file in files if not file.is_file()]
        for file in absent:
            which = "the file" if len(files) == 1 else file
            yield Problem(
                f"{run.heading(country, wave)}: {which} does not exist",
                "put the extract there or correct `file:`; data/README.md says who may have which "
                "data and how to get it",
            )


def _outcome_problems(run: Run) -> Iterator[Problem]:
    lag, average = run.settings.lag, run.settings.lag_average
    if average > lag + 1:
        yield Problem(
            f"lag_average: {average} years up to {lag} after the survey reach back before it",
            f"set it to at most {lag + 1}, or raise `lag`",
        )
    for country, about in run.at_hand.items():
        deflator = run.deflator(country)
        beside = {
            "accounts.deflator.file": (deflator and deflator.file, "year and index"),
            "official_rates": (about.official_rates, "wave, sector, size, partner, rate"),
        }
        for key, (file, columns) in beside.items():
            if file and not Path(file).is_file():
                yield Problem(
                    f"countries.{country}.{key}: {file} does not exist",
                    f"put it there, or correct the path; it has the columns {columns}",
                )


def _pool_problems(run: Run) -> Iterator[Problem]:
    """Yield what pooling needs to know of the countries and is not told."""
    pool = run.settings.pool
    if not run.countries and not run.settings.pool_from:
        yield Problem(
            "countries: `countries` is missing",
            "add it: one entry per country with its extracts; or pool exports by `pool_from`",
        )
    for code in pool.attributes or {}:
        if code not in run.countries and code not in run.settings.absent:
            what = f"pool.attributes: {code} is no country of this run"
            yield Problem(what, did_you_mean(code, run.countries))
    for name in pool.moderators:
        lacking = [
            code
            for code, about in run.countries.items()
            for value in [(about.attributes or {}).get(name)]
            if value is None or (isinstance(value, dict) and set(about.waves) - set(value))
        ]
        if lacking:
            yield Problem(
                f"pool.moderators: `{name}` is not known for {', '.join(lacking)}",
                f"add `attributes: {{{name}: …}}` below the country (for exports, below "
                "`pool.attributes`), a number or one per wave",
            )


def is_pooled(settings: Mapping[str, Any]) -> bool:
    """Return whether a run pools its estimates: whether it has more than one country."""
    return "pool" in settings and len(settings["countries"]) > 1
