"""What tests of tables, figures and the paper start from."""

import matplotlib.pyplot as plt
import pytest
import yaml
from made_up_findings import NO_ACCOUNTS, SETTINGS, make_findings

from cisflow.publication.catalogue import FIGURE, TABLE, catalogue
from cisflow.publication.figures.canvas import save_figure
from cisflow.publication.paper.context import paper_context
from cisflow.publication.tables.save import save_table


@pytest.fixture(scope="session")
def synthetic():
    return make_findings(SETTINGS)


@pytest.fixture(scope="session")
def real():
    return make_findings(NO_ACCOUNTS)


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


def published(findings, folder, root):
    """Return the paper's context, with what the paper prints below ``folder``."""
    items = catalogue(findings.settings, findings.models)
    for item in items.of(TABLE):
        save_table(item.made(findings), folder / "tables", item.name, formats=["typ", "csv"])
    for item in items.present(findings):
        if item.kind == FIGURE:
            save_figure(item.made(findings), folder / "figures", item.name, formats=["svg"])
    figure1 = yaml.safe_load((root / "paper/figure1.yaml").read_text(encoding="utf-8"))
    rule = yaml.safe_load((root / "config/claims.yaml").read_text(encoding="utf-8"))["rule"]
    return paper_context(findings, folder / "tables", folder / "figures", figure1, rule)


@pytest.fixture(scope="session")
def publish():
    return published


@pytest.fixture(scope="session")
def synthetic_folder(tmp_path_factory):
    return tmp_path_factory.mktemp("be")


@pytest.fixture(scope="session")
def synthetic_paper(synthetic, synthetic_folder, root):
    return published(synthetic, synthetic_folder, root)


@pytest.fixture(scope="session")
def real_paper(real, tmp_path_factory, root):
    return published(real, tmp_path_factory.mktemp("ng"), root)
