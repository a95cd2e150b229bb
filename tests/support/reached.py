"""What drafts reach today where they do not yet reach what they should.

``wordings/reached.yaml`` has a number only for a survey that is below its target; a survey that
meets the target must not stand in it. ``python tests/support/reached.py`` measures all of them and
writes the file anew: read what git then shows, a number that fell is a step back.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from drafts_scored import Score, drafted
from worded_countries import LANGUAGE_OF, write_country
from worded_survey import HOLDOUT, LANGUAGES, TABLES, Worded, write_worded

FILE = TABLES / "reached.yaml"
# A wave for each of the twelve countries, so that every wave's questionnaire comes twice.
WAVES = ("CIS4", "CIS2006", "CIS2008", "CIS2010", "CIS2012", "CIS2014")
WAVE_OF = {country: WAVES[i % len(WAVES)] for i, country in enumerate(LANGUAGE_OF)}


@dataclass(frozen=True)
class Target:
    """What is asked of a kind of survey: a share (``right`` or ``reached``), and none wrong."""

    share: str
    least: float

    def measured(self, score: Score) -> dict[str, Any]:
        """Return the numbers of a score that are compared, the share rounded down."""
        share = score.share_right if self.share == "right" else score.reached
        return {self.share: int(share * 100) / 100, "wrong": len(score.wrong)}

    def met(self, score: Score) -> bool:
        """Return whether a score is what is asked."""
        share = score.share_right if self.share == "right" else score.reached
        return share >= self.least and not score.wrong


TARGETS = {
    "languages": Target("reached", 0.90),
    "countries": Target("right", 0.95),
    "holdout": Target("reached", 0.90),
}


def listed() -> dict[str, dict[str, dict[str, Any]]]:
    """Return what is on record by kind and survey."""
    record = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    return {kind: dict(record.get(kind) or {}) for kind in TARGETS}


def holds(kind: str, survey: str, score: Score, record: Mapping[str, Mapping[str, Any]]) -> None:
    """Raise unless a score meets its target, or is exactly as far from it as is on record."""
    target, now, before = TARGETS[kind], TARGETS[kind].measured(score), record.get(survey)
    if target.met(score):
        assert before is None, f"{survey} meets its target: take it out of {FILE.name}"
        return
    assert before is not None, f"{survey}: {score.told()}"
    assert now[target.share] >= before[target.share], f"{survey} fell: {score.told()}"
    assert now["wrong"] <= before["wrong"], f"{survey}: more is wrong in silence: {score.told()}"


def main() -> None:
    """Measure every survey and write down those below their target."""
    root = Path(__file__).parents[2]
    writers: dict[str, dict[str, Callable[[Path], Worded]]] = {
        "languages": {n: lambda folder, n=n: write_worded(folder, n) for n in LANGUAGES},
        "countries": {
            c: lambda folder, c=c: write_country(folder, root, c, WAVE_OF[c]) for c in LANGUAGE_OF
        },
        "holdout": {n: lambda folder, n=n: write_worded(folder, n) for n in HOLDOUT},
    }
    record: dict[str, dict[str, Any]] = {}
    for kind, surveys in writers.items():
        scores = {name: _score(write) for name, write in surveys.items()}
        below = {n: s for n, s in scores.items() if not TARGETS[kind].met(s)}
        record[kind] = {n: TARGETS[kind].measured(s) for n, s in below.items()}
    FILE.write_text(HEAD + yaml.safe_dump(record, sort_keys=False, default_flow_style=None))


def _score(write: Callable[[Path], Worded]) -> Score:
    with tempfile.TemporaryDirectory() as folder:
        return drafted(write(Path(folder)), Path(folder) / "project")


HEAD = """\
# What a draft reaches where it is below its target (languages and hold-out: 90 % right or doubted;
# countries: 95 % right; everywhere nothing wrong in silence). Written by tests/support/reached.py.
"""

if __name__ == "__main__":
    main()
