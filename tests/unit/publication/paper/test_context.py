from dataclasses import replace

import pypdf

from cisflow.publication.paper import context
from cisflow.publication.paper.render import render_paper
from cisflow.publication.paper.samples import accepted_facts


def test_missing_accounts_are_told_with_the_reason(real_paper):
    facts = real_paper
    assert facts["without_accounts"] == ["Nigeria"]
    assert [p["why_not"] for p in facts["paths"]] == ["no accounts", "no accounts"]
    assert all(p["readings"] == [] for p in facts["paths"])
    assert facts["figures"]["diagrams"] == []
    first = facts["claims"]["reasons"][0]
    assert (first["verdict"], first["reason"]) == ("not estimable", "no accounts")


def test_accepted_contradictions_are_printed_with_their_reason(real, real_paper, root, tmp_path):
    meaning = "{variable} is above 0 although it is not."
    names = {"variable": "share_new_market"}
    entry = {"failed": 35, "of": 85, "meaning": meaning, "names": names}
    seen = {"failed": 1, "of": 1, "whole_file": True, "meaning": "All say yes.", "seen": "…"}
    accepted = {"a": "firms answer so.", "b": "only innovators were asked"}
    first = {**real.quality[0], "checks": {"a": entry, "b": seen}, "accepted": accepted}
    facts = accepted_facts(replace(real, quality=[first, *real.quality[1:]]))
    assert [(fact["share"], fact["reason"]) for fact in facts] == [
        *(("41", "firms answer so"), ("", "only innovators were asked")),
    ]
    file = tmp_path / "paper.pdf"
    render_paper({**real_paper, "accepted": facts}, file, root / "paper/paper.typ")
    text = " ".join("".join(p.extract_text() for p in pypdf.PdfReader(file).pages).split())
    assert "products new to the market is above 0 although it is not: 41 % of those" in text
    assert "All say yes. They are read all the same: only innovators were asked." in text


def test_exhibits_of_a_kind_are_one_row(monkeypatch):
    about = {"rule": "tables", "models": "m"}
    places = [("BE", "CIS4"), ("NL", "CIS4"), ("NL", "CIS2006")]
    rows = [
        {"exhibit": f"m_{c}_{w}_coefficients", "country": c, "wave": w, **about} for c, w in places
    ]
    rows += [{"exhibit": "m_BE", "country": "BE", "wave": "", **about}]
    rows += [{"exhibit": "claims", "country": "", "wave": "", "rule": "figures", "models": ""}]
    monkeypatch.setattr(context, "exhibits", lambda items: rows)
    assert context._exhibits([]) == [
        ["m_…_coefficients (3)", "tables", "m"],
        ["m_BE", "tables", "m"],
        ["claims", "figures", ""],
    ]
