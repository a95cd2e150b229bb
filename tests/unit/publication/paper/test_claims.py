def test_verdicts_are_sorted_and_complete(synthetic, synthetic_paper):
    findings, context = synthetic, synthetic_paper
    listed = [i for ids in context["claims"]["places"][0]["verdicts"].values() for i in ids]
    assert sorted(listed) == sorted(set(findings.claims["claim"]))
