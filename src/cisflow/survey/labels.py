"""Files that hold labels where the codebook has codes, and the other way round."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import pandas as pd

from cisflow.base.problems import Problem
from cisflow.raw.extract import code_key
from cisflow.study.codebook import ABOVE_ZERO

# How a codebook writes the canonical values of a yes/no question.
WORDS = {"yes": True, "no": False}


def one_line(name: str) -> str:
    """Return a name with every run of blanks and newlines made one blank."""
    return " ".join(name.split())


def in_codes(
    text: pd.Series, codes: Mapping[str, Any], labels: Mapping[str, str], missing: Collection[str]
) -> tuple[pd.Series, bool]:
    """Return a column in the codes of the codebook, and whether it had to be translated.

    A value the codebook does not know is looked up by its label in the file, then by the code of
    which it is the label, then as the word yes or no. Either all such values can be looked up, or
    none is: a half-known coding is for its owner to explain.

    Parameters
    ----------
    text
        The column as read, shape (n,), dtype ``string``.
    codes
        From code to canonical value.
    labels
        From code to label, as the file has them.
    missing
        What stands for no answer.
    """
    known = {code_key(code): code for code in codes}
    if "*" in codes or ABOVE_ZERO in codes:
        return text, False
    answered = {value: code_key(value) for value in text.dropna().unique()}
    none = {code_key(str(token)) for token in missing}
    strange = [value for value, key in answered.items() if key not in known and key not in none]
    by_label = {label.strip().casefold(): code_key(code) for code, label in labels.items()}
    by_code = {code_key(code): label.strip().casefold() for code, label in labels.items()}
    found: dict[str, str] = {}
    for value in strange:
        key = answered[value]
        candidates = (by_code.get(key, ""), by_label.get(key, ""))
        word = _code_of_word(by_code.get(key, key), codes)
        code = next((known[c] for c in candidates if c in known), word)
        if code is None:
            return text, False
        found[value] = code
    return (text.replace(found), True) if found else (text, False)


def _code_of_word(word: str, codes: Mapping[str, Any]) -> str | None:
    if word not in WORDS:
        return None
    return next((code for code, value in codes.items() if value is WORDS[word]), None)


def contradiction(
    place: str, text: pd.Series, codes: Mapping[str, Any], labels: Mapping[str, str], path: str
) -> Problem | None:
    """Return the problem of a file that labels a code with no that the codebook reads as yes."""
    present = {code_key(value) for value in text.dropna().unique()}
    values = {code_key(code): value for code, value in codes.items()}
    said = {True: "yes", False: "no"}
    against = [
        f"{code} is labelled '{label}', the codebook reads it as {said[value]}"
        for code, label in labels.items()
        if (key := code_key(code)) in present
        and isinstance(value := values.get(key), bool)
        and WORDS.get(label.strip().casefold(), value) is not value
    ]
    if not against:
        return None
    return Problem(
        f"{place}: in the file {'; '.join(against)}.",
        f"set `codes:` of the variable in {path} to what the file's labels say",
    )
