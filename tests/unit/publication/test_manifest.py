import json

from cisflow.publication.manifest import write_manifest


def test_manifest_lists_every_published_file(synthetic, synthetic_paper, synthetic_folder):
    folder = synthetic_folder
    write_manifest(folder / "manifest.json", synthetic.settings)
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    assert "tables/claims.csv" in manifest["files"]
    assert "manifest.json" not in manifest["files"]
    assert manifest["data"] == "synthetic"
