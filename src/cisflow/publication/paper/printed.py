"""Which places, tables and figures the paper prints: what there is, and room for."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cisflow.estimation.estimates import ALL_WAVES
from cisflow.publication.catalogue import FIGURE, SECTIONS, TABLE, Catalogue, Item
from cisflow.publication.families import places, printed_places, waves_of
from cisflow.publication.findings import Findings
from cisflow.publication.words import stamped
from cisflow.study.run import is_pooled

# More countries and waves than this are not printed one by one; their tables are in the folder.
MOST_PRINTED = 4
# A table with more columns than this, headings of rows and the stamp among them, stands in
# landscape.
MOST_UPRIGHT = 11
# Long as the number of places: with many of them these stand in the folder alone.
LONG = ("flow", "extensions", "quality")
# Diagrams are large: of these alone every wave's is printed, of others the last.
SMALL = ("outcomes", "coefficients")

Place = tuple[str, str]


@dataclass(frozen=True)
class Printed:
    """What of a run its paper prints."""

    findings: Findings
    items: Catalogue

    @property
    def many(self) -> bool:
        """Whether countries are told of together alone."""
        return is_pooled(self.findings.settings) and len(self._everywhere) > MOST_PRINTED

    @property
    def shown(self) -> list[Place]:
        """Countries and waves that are told of one by one."""
        return [] if self.many else self._everywhere[:MOST_PRINTED]

    @property
    def _everywhere(self) -> list[Place]:
        return list(places(self.findings.countries))

    @property
    def _with_printed(self) -> list[Place]:
        f = self.findings
        return [*self.shown, *printed_places(f.countries, f.models)]

    def of(self, model: str) -> list[Place]:
        """Return where a model is told of."""
        spec, countries = self.findings.models[model], self.findings.countries
        return [at for at in self._with_printed if at[1] in waves_of(spec, countries[at[0]])]

    def tables(self, folder: Path) -> dict[str, list[dict[str, Any]]]:
        """Return the tables to print, by section; how wide they are is seen in ``folder``."""
        found: dict[str, list[dict[str, Any]]] = {section: [] for section in SECTIONS}
        for item in filter(self._prints, self.items.of(TABLE)):
            wide = _columns(folder / f"{item.name}.csv") > MOST_UPRIGHT
            found[item.section].append({"name": item.name, "wide": wide})
        return found

    def figures(self) -> dict[str, list[dict[str, str]]]:
        """Return the figures to print, by section, with captions."""
        found: dict[str, list[dict[str, str]]] = {section: [] for section in SECTIONS}
        printed = list(filter(self._prints, self.items.of(FIGURE)))
        last = {(item.section, item.models): item for item in printed}
        for item in printed:
            if item.section in SMALL or not item.wave or last[item.section, item.models] is item:
                caption = stamped(item.caption, self.findings.marks)
                found[item.section].append({"name": item.name, "caption": caption})
        return found

    def _prints(self, item: Item) -> bool:
        """Return whether there is room for an item, and an estimate in it."""
        if not item.country:
            return item.printed and (bool(self.shown) or item.section not in LONG)
        near = self._with_printed if item.wave else dict(self.shown)
        about = (item.country, item.wave) if item.wave else item.country
        if not item.printed or about not in near:
            return False
        where = item.country, item.wave or ALL_WAVES
        return not (item.models and self.findings.why_not(*where, item.models[0]))


def _columns(file: Path) -> int:
    with file.open(encoding="utf-8", newline="") as lines:
        return len(next(csv.reader(lines)))
