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
def written(root):
    """Return the text of every rule that runs a script, by its name; "" has those without one."""
    files = [root / "Snakefile", *(root / "workflow" / "rules").glob("*.smk")]
    found: dict[str, list[str]] = {}
    for file in files:
        parts = re.split(r"^ *rule ?(\w*):\n", file.read_text(encoding="utf-8"), flags=re.M)
        for name, text in zip(parts[1::2], parts[2::2], strict=True):
            if "script:" in text:
                found.setdefault(name, []).append(text)
    return found


@pytest.fixture(scope="module")
def rules(written):
    return set(written) - {""}


def test_every_rule_has_memory_and_time_on_a_cluster(profiles, rules):
    needs = profiles["slurm"]["set-resources"]
    assert set(needs) == rules
    assert all(set(need) == {"mem_mb", "runtime"} for need in needs.values())


def test_groups_are_of_rules_and_sizes_of_groups(profiles, rules, written):
    slurm = profiles["slurm"]
    assert set(slurm["groups"]) == rules
    of_rules = {group for rule in written[""] for group in re.findall(r"group:\s+\"(\w+)\"", rule)}
    assert set(slurm["group-components"]) <= {*slurm["groups"].values(), *of_rules}


def test_what_makes_extracts_is_in_no_group_with_what_reads_them(profiles, written):
    """Parameters of a group are known when it is submitted, before the extract is there."""
    (simulate,) = (rule for rule in written[""] if "simulate" in rule)
    (group,) = re.findall(r"group:\s+\"(\w+)\"", simulate)
    assert group not in profiles["slurm"]["groups"].values()


def test_rules_no_profile_can_name_say_their_own_needs(written):
    """Those whose names are made of a country's or a number."""
    assert written[""]
    for rule in written[""]:
        assert re.search(r"group:\s+\"(simulate|models|publication)\"", rule)
        assert re.search(r"resources:\s+mem_mb=\d+,\s+runtime=\d+", rule)


def test_all_else_is_as_in_the_default_profile(profiles):
    here, there = ({k: v for k, v in p.items() if k not in WHERE} for p in profiles.values())
    assert here == there
