import json

from cisflow.publication.manifest import write_manifest


def test_manifest_lists_every_published_file(synthetic, synthetic_paper, synthetic_folder):
    folder = synthetic_folder
    sources = {"inputs": {"data/raw/BE/cis4.csv": "0" * 64}, "code": {"paper": "1" * 16}}
    write_manifest(folder / "manifest.json", synthetic.settings, sources)
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    assert "tables/claims.csv" in manifest["files"]
    assert "manifest.json" not in manifest["files"]
    assert manifest["data"] == "synthetic"
    assert (manifest["unconfirmed"], manifest["marks"]) == (0, ["SYNTHETIC data"])
    assert manifest["inputs"] == sources["inputs"]
    assert manifest["code"] == sources["code"]
