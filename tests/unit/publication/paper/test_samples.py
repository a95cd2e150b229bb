"""Whose results these are, and how many were not asked."""

from dataclasses import replace

import numpy as np
import pytest

from cisflow.publication.paper.samples import wave_facts

INNOVATORS = "product innovators among manufacturing firms"


@pytest.mark.parametrize(("filtered", "told"), [(72, "72"), (0, ""), (np.nan, "")])
def test_a_wave_tells_how_many_were_not_asked_as_far_as_it_may(synthetic, filtered, told):
    flow = synthetic.flow.astype({"lost_filtered": float})
    asked = flow["restriction"].str.startswith("asked")
    flow.loc[asked, "lost_filtered"] = filtered
    facts = wave_facts(replace(synthetic, flow=flow), "BE", "CIS2")
    first = facts["samples"][0]
    assert (first["population"], first["unasked"]) == (INNOVATORS, told)
