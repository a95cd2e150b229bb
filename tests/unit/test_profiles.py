"""The profile for a cluster names the rules there are, and otherwise does as the default one."""

import re

import pytest
import yaml

# What says where jobs run and how wide they are, not what is made or when anew.
WHERE = {"cores", "executor", "jobs", "latency-wait", "groups", "group-components", "set-resources"}


@pytest.fixture(scope="module")
def profiles(root):
    folder = root / "workflow" / "profiles"
    return {
        name: yaml.safe_load((folder / name / "config.yaml").read_text(encoding="utf-8"))
        for name in ("default", "slurm")
    }


@pytest.fixture(scope="module")
def rules(root):
    texts = [file.read_text(encoding="utf-8") for file in (root / "workflow/rules").glob("*.smk")]
    return set(re.findall(r"^ *rule (\w+):", "\n".join(texts), re.MULTILINE))


def test_every_rule_has_memory_and_time_on_a_cluster(profiles, rules):
    needs = profiles["slurm"]["set-resources"]
    assert set(needs) == rules
    assert all(set(need) == {"mem_mb", "runtime"} for need in needs.values())


def test_groups_are_of_rules_and_sizes_of_groups(profiles, rules):
    slurm = profiles["slurm"]
    assert set(slurm["groups"]) == rules
    assert set(slurm["group-components"]) <= set(slurm["groups"].values())


def test_rules_no_profile_can_name_say_their_own_needs(root):
    """Those whose names are made of a country's or a number."""
    texts = [file.read_text(encoding="utf-8") for file in (root / "workflow/rules").glob("*.smk")]
    made = re.findall(r"^ *rule:\n(.*?script:)", "\n".join(texts), re.MULTILINE | re.DOTALL)
    assert made
    for rule in made:
        assert re.search(r"group:\s+\"(country|publication)\"", rule)
        assert re.search(r"resources:\s+mem_mb=\d+,\s+runtime=\d+", rule)


def test_all_else_is_as_in_the_default_profile(profiles):
    here, there = ({k: v for k, v in p.items() if k not in WHERE} for p in profiles.values())
    assert here == there
