"""One way to write a firm's identifier, so that survey and accounts meet."""

from __future__ import annotations

import re
from dataclasses import replace

from cisflow.base.problems import Problem, counted_of
from cisflow.study.codebook import Codebook
from cisflow.survey.answers import Answers
from cisflow.survey.labels import one_line

# What people and programs put between the digits of a number.
BETWEEN = r"[\s.\-/_]+"


def in_format(ids: Answers, codebook: Codebook) -> Answers:
    """Return identifiers as the codebook's ``variables.firm_id.format`` declares them.

    With ``format: {prefix: BE, digits: 10}`` the texts ``BE0401234567``, ``0401.234.567``,
    ``BE 401 234 567`` and ``401234567`` all become ``BE0401234567``.

    Parameters
    ----------
    ids
        Identifiers as text, shape (n,).
    codebook
        Without a format the identifiers are returned as they are.

    Returns
    -------
    Answers
        Those that do not fit are null and ``invalid``, and a problem unless the codebook says
        ``invalid: missing``.
    """
    asked = codebook.variables["firm_id"]
    rule = asked.format
    if rule is None:
        return ids
    prefix, digits = rule.prefix, rule.digits
    bare = ids.values.str.upper().str.replace(BETWEEN, "", regex=True)
    bare = bare.str.replace(f"^{re.escape(prefix.upper())}", "", regex=True)
    fits = bare.str.fullmatch(rf"\d{{1,{digits}}}").fillna(False).astype(bool)
    values = (prefix + bare.str.zfill(digits)).where(fits)
    invalid = ids.values.notna() & ~fits
    problems = list(ids.problems)
    if invalid.any() and asked.invalid != "missing":
        column = one_line(" ".join(ids.columns))
        wanted = f"'{prefix}' and {digits} digits" if prefix else f"{digits} digits"
        problems.append(
            Problem(
                f"firm_id (column '{column}'): "
                f"{counted_of(int(invalid.sum()), len(values), 'identifier')} do not fit {wanted}",
                f"correct `firm_id: {{format: …}}` in {codebook.path}; `invalid: missing` "
                "leaves these rows out",
            )
        )
    return replace(ids, values=values, invalid=invalid, problems=problems)
