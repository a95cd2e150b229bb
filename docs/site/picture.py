"""README's picture: the claims of the models that are replicated, at a glance, from a finished run.

``python docs/site/picture.py config/config.yaml`` writes ``docs/claims.png``. It is the run's own
figure with fewer claims, pixels and colours; what marks synthetic data stands on it as there.
"""

import sys
import tempfile
from dataclasses import replace
from pathlib import Path

from PIL import Image

from cisflow.base.documents import read_yaml
from cisflow.publication.families import leading_regression, path_models
from cisflow.publication.figures.canvas import save_figure
from cisflow.publication.figures.claims import claims_figure, yardstick
from cisflow.publication.findings import Findings, read_findings
from cisflow.study.run import load_run

WIDTH, COLOURS = 1000, 32
"""Pixels, and colours of lines, letters and what lies between them."""


def findings_of(config: Path) -> Findings:
    """Return what a finished run found."""
    run = load_run(read_yaml(config), Path(), file=str(config))
    results = Path("results", run.name)

    def of_each(folder: str, ending: str) -> list[Path]:
        return [results / folder / f"{country}.{ending}" for country in run.countries]

    def every(folder: str, ending: str) -> list[Path]:
        return [results / folder / c / f"{m}.{ending}" for c in run.countries for m in run.models]

    return read_findings(
        run.settings.as_params(),
        {name: model.as_params() for name, model in run.models.items()},
        estimates=every("estimates", "csv"),
        diagnostics=every("estimates", "json"),
        claims=results / "claims.csv",
        samples=of_each("sample", "csv"),
        descriptions=of_each("description", "json"),
        quality=sorted((results / "quality").glob("*/*.json")),
    )


def replicated(findings: Findings) -> Findings:
    """Return findings with the claims alone that the leading models decide, with named effects."""
    models = {*leading_regression(findings.models), *path_models(findings.models)}
    estimated = findings.claims[findings.claims["estimate"].notna()]
    deciding = estimated.drop_duplicates("claim").to_dict(orient="records")
    claims = {row["claim"] for row in deciding if row["model"] in models and yardstick(row)[1]}
    return replace(findings, claims=findings.claims[findings.claims["claim"].isin(claims)])


def small(figure: Path) -> Image.Image:
    """Return a picture with fewer pixels and colours."""
    image = Image.open(figure).convert("RGB")
    size = (WIDTH, round(image.height * WIDTH / image.width))
    image = image.resize(size, Image.Resampling.LANCZOS)
    return image.quantize(COLOURS, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)


def main(config: str) -> None:
    """Write the picture of a run."""
    with tempfile.TemporaryDirectory() as folder:
        figure = claims_figure(replicated(findings_of(Path(config))))
        save_figure(figure, folder, "claims", ["png"])
        image = small(Path(folder, "claims.png"))
    image.save(Path(__file__).parents[1] / "claims.png", optimize=True)


if __name__ == "__main__":
    main(sys.argv[1])
