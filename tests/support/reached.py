"""What drafts are to reach with each kind of survey.

``python tests/support/reached.py`` measures all of them and tells what is not right.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from drafts_scored import Score, drafted
from worded_countries import LANGUAGE_OF, write_country
from worded_survey import HOLDOUT, LANGUAGES, Worded, write_worded

# A wave for each of the twelve countries, so that every wave's questionnaire comes twice.
WAVES = ("CIS4", "CIS2006", "CIS2008", "CIS2010", "CIS2012", "CIS2014")
WAVE_OF = {country: WAVES[i % len(WAVES)] for i, country in enumerate(LANGUAGE_OF)}


@dataclass(frozen=True)
class Target:
    """What is asked of a kind of survey: a share (``right`` or ``reached``), and none wrong."""

    share: str
    least: float

    def met(self, score: Score) -> bool:
        """Return whether a score is what is asked."""
        share = score.share_right if self.share == "right" else score.reached
        return share >= self.least and not score.wrong


TARGETS = {
    "languages": Target("reached", 0.90),
    "countries": Target("right", 0.95),
    "holdout": Target("reached", 0.90),
}


def main() -> None:
    """Measure every survey and print what became of its variables."""
    root = Path(__file__).parents[2]
    writers: dict[str, Callable[[Path], Worded]] = {
        n: lambda folder, n=n: write_worded(folder, n) for n in (*LANGUAGES, *HOLDOUT)
    }
    writers |= {
        c: lambda folder, c=c: write_country(folder, root, c, WAVE_OF[c]) for c in LANGUAGE_OF
    }
    for name, write in writers.items():
        with tempfile.TemporaryDirectory() as folder:
            print(name, drafted(write(Path(folder)), Path(folder) / "project").told())


if __name__ == "__main__":
    main()
