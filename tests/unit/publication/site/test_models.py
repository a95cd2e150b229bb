"""Every model is described, with its sample."""


def test_every_model_has_its_sample_flow_and_shared_ones_are_shown_once(synthetic, facts):
    models = {model.name: model for model in facts["models"]}
    assert list(models) == list(synthetic.models)
    flows = [m.flow.rows for m in models.values() if m.flow]
    assert len(flows) == len(set(flows))
    assert all(m.flow or m.same_as or synthetic.models[m.name].printed for m in models.values())


def test_what_is_to_be_known_of_flows_is_told_once(facts):
    assert "in parentheses how many it dropped" in facts["flow_notes"]
    assert not [model for model in facts["models"] if model.flow and model.flow.notes]
