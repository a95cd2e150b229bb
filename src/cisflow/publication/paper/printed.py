"""Which places, tables and figures the paper prints: what there is, and room for."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from cisflow.estimation.estimates import ALL_WAVES
from cisflow.publication.catalogue import FIGURE, SECTIONS, TABLE, Catalogue, Item
from cisflow.publication.families import (
    general_of,
    leading_regression,
    path_groups,
    places,
    printed_places,
    waves_of,
)
from cisflow.publication.findings import Findings
from cisflow.publication.paper.spread import ONE_BY_ONE
from cisflow.study.marks import stamped
from cisflow.study.run import is_pooled

# More countries and waves than this are not printed one by one; their tables are in the folder.
MOST_PRINTED = 4
# A table with more columns than this, headings of rows and the stamp among them, stands in
# landscape.
MOST_UPRIGHT = 11
# What has room in the paper itself; all else that is printed is in its online supplement.
PAPER_TABLES = ("verdicts", "main", "descriptives", "pooled")
PAPER_FIGURES = (
    *("glance", "flows", "coefficients", "diagrams", "decomposition", "lags", "curves_drawn"),
    *("forests", "tiles"),
)
# Long as the number of places: with many of them these stand in the folder alone.
LONG = ("flow", "extensions", "quality")
# Diagrams are large: of these alone every wave's is printed, of others the last.
SMALL = ("outcomes", "coefficients", "flows")

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

    def told(self, model: str) -> list[Place]:
        """Return the samples a model's effects are told of: all, where they are told together."""
        waves = self.findings.countries.items()
        here = [(c, w) for c, of in waves for w in waves_of(self.findings.models[model], of)]
        return here if len(here) > ONE_BY_ONE else self.of(model)

    def tables(self, folder: Path) -> dict[str, list[dict[str, Any]]]:
        """Return the tables of the paper, by section; how wide they are is seen in ``folder``."""
        found: dict[str, list[dict[str, Any]]] = {section: [] for section in SECTIONS}
        for item in self._printed(TABLE):
            if self._in_text(item):
                found[item.section].append(_table(item, folder))
        return found

    def _in_text(self, item: Item) -> bool:
        """Return whether a table is the paper's; of what is pooled the leading regression's is."""
        if item.section == "pooled":
            return not {*leading_regression(self.findings.models)}.isdisjoint(item.models)
        return item.section in PAPER_TABLES

    def figures(self) -> dict[str, list[dict[str, str]]]:
        """Return the figures of the paper, by section, with captions."""
        found: dict[str, list[dict[str, str]]] = {section: [] for section in SECTIONS}
        for item in self._shown_figures():
            if item in self._in_paper:
                found[item.section].append(self._figure(item))
        return found

    def supplement(self, folder: Path) -> dict[str, list[dict[str, Any]]]:
        """Return the tables and figures of the supplement in its order, each with its number.

        Tables that need a page across come last, so that pages are not turned in between.
        """
        tables = [
            {**_table(item, folder), "section": item.section, "heading": item.heading}
            for item in self._printed(TABLE)
            if not self._in_text(item)
        ]
        figures = [
            {**self._figure(item), "section": item.section, "heading": item.heading}
            for item in self._shown_figures()
            if item not in self._in_paper
        ]
        tables.sort(key=lambda table: table["wide"])
        return {
            "tables": [{**of, "number": i} for i, of in enumerate(tables, start=1)],
            "figures": [{**of, "number": i} for i, of in enumerate(figures, start=1)],
        }

    @cached_property
    def present(self) -> list[Item]:
        """What there is to show."""
        return self.items.present(self.findings)

    def _printed(self, kind: str) -> list[Item]:
        return [item for item in self.present if item.kind == kind and self._prints(item)]

    def _shown_figures(self) -> list[Item]:
        """Return the figures that are printed: of large ones the last wave's."""
        printed = self._printed(FIGURE)
        last = {(item.section, item.models): item for item in printed}
        return [
            item
            for item in printed
            if item.section in SMALL or not item.wave or last[item.section, item.models] is item
        ]

    @cached_property
    def _in_paper(self) -> list[Item]:
        """Which figures the paper has: of diagrams the most general of a sample."""
        models = self.findings.models
        general = {general_of(members, models) for members in path_groups(models).values()}
        return [
            item
            for item in self._shown_figures()
            if item.section in PAPER_FIGURES
            and (item.section != "diagrams" or not general.isdisjoint(item.models))
        ]

    def _figure(self, item: Item) -> dict[str, str]:
        return {"name": item.name, "caption": stamped(item.caption, self.findings.marks)}

    def _prints(self, item: Item) -> bool:
        """Return whether there is room for an item, and an estimate in it."""
        if not item.country:
            return item.printed and (bool(self.shown) or item.section not in LONG)
        near = self._with_printed if item.wave else dict(self.shown)
        about = (item.country, item.wave) if item.wave else item.country
        if not item.printed or about not in near:
            return False
        waves = [item.wave] if item.wave else [*self.findings.countries[item.country], ALL_WAVES]
        missing = self.findings.why_not
        return not item.models or not all(missing(item.country, w, item.models[0]) for w in waves)


def _table(item: Item, folder: Path) -> dict[str, Any]:
    return {"name": item.name, "wide": _columns(folder / f"{item.name}.csv") > MOST_UPRIGHT}


def _columns(file: Path) -> int:
    with file.open(encoding="utf-8", newline="") as lines:
        return len(next(csv.reader(lines)))
