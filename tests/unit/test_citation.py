"""CITATION.cff says of the project what the project says of itself."""

import re
import tomllib

import yaml

import cisflow


def test_the_citation_file_agrees_with_the_package_and_the_bibliography(root):
    cited = yaml.safe_load((root / "CITATION.cff").read_text(encoding="utf-8"))
    project = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    assert cited["cff-version"] == "1.2.0"
    assert cited["version"] == project["version"] == cisflow.__version__
    assert cited["license"] == project["license"]
    assert {"title", "message", "type", "authors", "abstract", "keywords"} <= set(cited)
    bibliography = (root / "paper" / "references.bib").read_text(encoding="utf-8")
    dois = set(re.findall(r"doi\s*=\s*\{([^}]*)\}", bibliography))
    for reference in cited["references"]:
        assert reference["title"].lower() in bibliography.lower()
        assert "doi" not in reference or reference["doi"] in dois


def test_the_page_on_citing_names_what_the_citation_file_names(root):
    cited = yaml.safe_load((root / "CITATION.cff").read_text(encoding="utf-8"))
    page = " ".join((root / "docs" / "citing.md").read_text(encoding="utf-8").split())
    assert all(reference["title"] in page for reference in cited["references"])
