"""The page of one made-up claim, judged from made-up estimates."""

from dataclasses import replace

from made_up_claims import claims_of, one, row, table

from cisflow.claims.verdicts import judge
from cisflow.publication.site.claim_pages import claim_pages

AT = {"model": "faems2005", "column": "grouped", "term": "coop_exploitative"}
KEY = {**AT, "outcome": "radical", "quantity": "observed"}
TEST = {**AT, "quantity": "observed"}


def counted(asked="+1", **more):
    """Return the diagnostics of one fit, with what was counted of its test."""
    fit = {"wave": "CIS4", "outcome": "radical", "column": "grouped"}
    test = {**KEY, "asked": asked, "firms_with": 150, "firms_without": 217, **more}
    return [{"country": "BE", "model": "faems2005", "fits": [{**fit, "tests": [test]}]}]


def page_of(findings, rows, test, diagnostics=(), **claim):
    claims = claims_of(one(**{**TEST, **test}), **claim)
    judged = judge(claims, table(*rows), diagnostics)
    return claim_pages(replace(findings, claims=judged), claims)[0]


def evidence(findings, estimate, se, test=None, diagnostics=(), **changes):
    found = row(estimate, se, **KEY, **changes)
    return page_of(findings, [found], test or {}, diagnostics).evidence[0]
