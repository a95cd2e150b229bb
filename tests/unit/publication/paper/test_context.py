def test_missing_accounts_are_told_with_the_reason(real_paper):
    context = real_paper
    assert context["without_accounts"] == ["Nigeria"]
    assert [p["why_not"] for p in context["paths"]] == ["no accounts", "no accounts"]
    assert all(p["readings"] == [] for p in context["paths"])
    assert context["figures"]["diagrams"] == []
    first = context["claims"]["reasons"][0]
    assert (first["verdict"], first["reason"]) == ("not estimable", "no accounts")
