"""The specification curve of a claim stands beside it."""

from dataclasses import replace

from claim_page import KEY, TEST
from made_up_claims import claims_of, one, row, table

from cisflow.claims.verdicts import judge
from cisflow.publication.site.claim_pages import claim_pages


def test_a_specification_curve_stands_beside_the_claim_it_is_of(synthetic, root):
    curve = {"model": "partner_curve", "outcome": "radical", "column": "curve"}
    claims = claims_of(one(**TEST), curve={**curve, "term": "coop_exploitative"})
    judged = judge(claims, table(row(8.0, 2.0, **KEY)))
    page = claim_pages(replace(synthetic, claims=judged), claims)[0]
    assert [curve.wave for curve in page.curves] == ["CIS2", "CIS4"]
    first = page.curves[0]
    effects = [made.estimate for made in first.specifications]
    assert effects == sorted(effects)
    assert len(effects) == synthetic.models["partner_curve"].choices.size
    for choice, options in first.options:
        assert {dict(made.choices)[choice] for made in first.specifications} <= {*options}
