def test_partner_results_are_the_estimates(synthetic, synthetic_paper):
    findings, context = synthetic, synthetic_paper
    e = findings.rows("BE", "CIS2", "faems2005", "observed")
    row = e[(e["column"] == "grouped") & (e["term"] == "coop_exploratory")].iloc[0]
    told = context["partners"][0]["results"][1]
    assert told["term"] == "universities or public research"
    assert told["estimate"].replace("−", "-") == f"{row['estimate']:.3f}"
