"""A figure of each kind looks as it did: pixels are compared with tests/baselines/figures.

After a change that is meant, `make baselines` draws them anew; look at what git then shows.
"""

from dataclasses import replace

import pytest
from made_up_findings import SETTINGS, make_findings

from cisflow.estimation.estimates import ALL_WAVES, POOLED
from cisflow.estimation.pooling.pool import pool
from cisflow.publication.catalogue import FIGURE, catalogue
from cisflow.publication.figures.canvas import STYLE
from cisflow.study.settings import Pool

COUNTRIES = {
    code: {"name": name, "waves": {"CIS4": {}}, "accounts": {"file": "x", "codebook": "y"}}
    for code, name in (("BE", "Belgium"), ("NL", "Netherlands"), ("SE", "Sweden"))
}
DRAWN = [
    "glance",
    "flows",
    "curves_drawn",
    "overlap",
    "profiles",
    "outcomes",
    "coefficients",
    "diagrams",
    "decomposition",
    "groups",
    "lags",
    "steps",
]
DRAWN += ["forests", "tiles"]


# The fonts are those that come with matplotlib, whose version the lock holds. What is left of a
# difference, at most 1 of 255 by root mean square, is that of processors.
def compared(section):
    """Return a figure's kind, marked to be compared with its image."""
    mark = pytest.mark.mpl_image_compare(
        baseline_dir="../../../baselines/figures",
        filename=f"{section}.png",
        style=STYLE,
        savefig_kwargs={"dpi": 60},
        deterministic=True,
        tolerance=1,
    )
    return pytest.param(section, marks=mark)


@pytest.fixture(scope="module")
def several():
    """Return findings of three countries, pooled."""
    settings = {**SETTINGS, "countries": COUNTRIES, "pool": Pool().as_params()}
    findings = make_findings(settings)
    pooled = pool(findings.estimates, findings.models, Pool(), {})
    verdicts = findings.claims.drop_duplicates("claim").assign(country=POOLED, wave=ALL_WAVES)
    made = {"pooled": pooled.table, "pooling": pooled.record, "pooled_claims": verdicts}
    return replace(findings, **made)


@pytest.fixture(scope="module")
def kinds(synthetic, several):
    """Return the first figure of each kind, and the findings it is made from."""
    found = {}
    for findings in (synthetic, several):
        for item in catalogue(findings.settings, findings.models).of(FIGURE):
            found.setdefault(item.section, (item, findings))
    return found


def test_there_is_a_small_image_of_every_kind(kinds, root):
    assert set(kinds) == set(DRAWN)
    images = list((root / "tests/baselines/figures").iterdir())
    assert {image.name for image in images} == {f"{section}.png" for section in DRAWN}
    assert sum(image.stat().st_size for image in images) < 512 * 1024


@pytest.mark.parametrize("section", [compared(section) for section in DRAWN])
def test_figure_looks_as_it_did(kinds, section):
    item, findings = kinds[section]
    return item.made(findings)
