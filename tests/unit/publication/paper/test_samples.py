"""Whose results these are, and how many were not asked."""

from dataclasses import replace

import numpy as np
import pytest

from cisflow.publication.paper.samples import population_facts, wave_facts

INNOVATORS = "product innovators among manufacturing firms"


def test_the_population_is_that_of_the_first_sample_and_others_beside_it(synthetic):
    facts = population_facts(synthetic)
    assert facts["first"] == [INNOVATORS]
    assert facts["further"] == [f"{INNOVATORS} with company accounts"]


def test_models_without_firms_have_no_population(real):
    assert population_facts(real)["further"] == []


def test_waves_that_ask_others_are_told_apart(synthetic):
    told = [
        {**about, "population": ["manufacturing", "innovation_active"]}
        if about["wave"] == "CIS2"
        else about
        for about in synthetic.descriptions["BE"]
    ]
    facts = population_facts(replace(synthetic, descriptions={"BE": told}))
    assert facts["first"] == ["innovation-active manufacturing firms", INNOVATORS]
    assert facts["apart"] == [
        "innovation-active manufacturing firms (Flanders (Belgium), CIS2)",
        f"{INNOVATORS} (Flanders (Belgium), CIS4)",
    ]


def test_without_descriptions_the_model_says_who_is_meant(synthetic):
    facts = population_facts(replace(synthetic, descriptions={}))
    assert facts["first"] == ["innovation-active manufacturing firms"]
    assert population_facts(replace(synthetic, models={})) == {
        "first": [],
        "apart": [],
        "further": [],
    }


@pytest.mark.parametrize(("filtered", "told"), [(72, "72"), (0, ""), (np.nan, "")])
def test_a_wave_tells_how_many_were_not_asked_as_far_as_it_may(synthetic, filtered, told):
    flow = synthetic.flow.astype({"lost_filtered": float})
    asked = flow["restriction"].str.startswith("asked")
    flow.loc[asked, "lost_filtered"] = filtered
    facts = wave_facts(replace(synthetic, flow=flow), "BE", "CIS2")
    first = facts["samples"][0]
    assert (first["population"], first["unasked"]) == (INNOVATORS, told)
