"""The words for regressions with and without weights side by side."""

from __future__ import annotations

NONE = "none"  # an entry of `weights:` in the models file
UNWEIGHTED = "unweighted"
SURVEY_WEIGHT = "weight"
NO_WEIGHTS = "the file has no sampling weights that differ"
