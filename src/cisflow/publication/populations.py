"""Of which firms a model speaks: those its sample names, and those the questionnaire asked."""

from __future__ import annotations

from collections.abc import Iterable

from cisflow.publication.findings import Findings
from cisflow.publication.language import say
from cisflow.publication.words import inline

ADJECTIVES = {
    "innovation_active": "innovation-active",
    "small": "small",
    "high_tech": "high-technology",
    "manufacturing": "manufacturing",
}
INNOVATORS = {
    "product_innovation": "product innovators",
    "process_innovation": "process innovators",
}
OTHERS = {"coop_any": "cooperate on innovation", "export": "export"}
WITH = {"has_accounts": "with company accounts", "in_previous_wave": "also in the previous wave"}


def population_words(flags: Iterable[str]) -> str:
    """Return in words the firms for which some yes/no variables are all true.

    Who innovates is innovation-active, so that this is not said of innovators.

    Examples
    --------
    >>> population_words(["manufacturing", "innovation_active", "product_innovation"])
    'product innovators among manufacturing firms'
    >>> population_words(["innovation_active", "manufacturing", "has_accounts"])
    'innovation-active manufacturing firms with company accounts'
    >>> population_words([])
    'all firms'
    """
    given = list(dict.fromkeys(flags))
    if not given:
        return say("all firms")
    kinds = [say(INNOVATORS[flag]) for flag in INNOVATORS if flag in given]
    implied = {*INNOVATORS, *(["innovation_active"] if kinds else [])}
    left = [flag for flag in given if flag not in implied]
    which = [say(ADJECTIVES[flag]) for flag in ADJECTIVES if flag in left]
    firms = " ".join([*which, say("firms")])
    who = say(" and ").join(kinds) or firms
    if kinds and left:
        who = say("{kinds} among {firms}", kinds=who, firms=firms)
    having = [say(WITH[flag]) for flag in WITH if flag in left]
    doing = [say(OTHERS[flag]) for flag in OTHERS if flag in left]
    known = {*ADJECTIVES, *WITH, *OTHERS}
    having += [say("with “{answer}”", answer=inline(flag)) for flag in left if flag not in known]
    that = say("that {do}", do=say(" and ").join(doing)) if doing else ""
    return " ".join(filter(None, [who, say(" and ").join(having), that]))


def population_of(findings: Findings, country: str, wave: str, model: str) -> tuple[str, ...]:
    """Return the yes/no variables that are true of every firm of a model's sample by design.

    Those that the model names, and those by which the questionnaire put its questions to some
    firms only, where that cost any.
    """
    about = findings.description(country, wave, model) or {}
    return tuple(about.get("population", findings.models[model].sample))


def flags_of(findings: Findings, country: str, waves: Iterable[str], model: str) -> list[str]:
    """Return the yes/no variables that are true of a model's firms by design in one wave or more.

    ``waves`` may name what is no wave, such as all of them together: that is every wave.
    """
    known = findings.countries[country]
    asked = list(dict.fromkeys(waves))
    at = asked if set(asked) <= set(known) else known
    flags = [flag for wave in at for flag in population_of(findings, country, wave, model)]
    return list(dict.fromkeys([*findings.models[model].sample, *flags]))
