"""What a survey is: its name, who collected it when, about which firms; printed as it is written.

A codebook tells it of one questionnaire, a config of a country; what the config says goes first.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from cisflow.study.documents import Document

Words = Annotated[str, Field(min_length=1, max_length=1000)]


class Population(Document):
    """Which firms the survey is about."""

    employees_from: Annotated[int, Field(ge=0, le=250)] | None = None
    """Fewest employees of a firm of the population, such as 10 (the CIS), 5 or 1. Below 10, tables
    by size have a class of their own for the firms below 10; so they have where the file has such
    firms."""
    text: Words | None = None
    """Which firms these are, such as "firms of manufacturing and services in twelve cities"."""


class Survey(Document):
    """The survey; every key is printed in the paper's section on data."""

    name: Words | None = None
    """What it is called, such as Nigerian Innovation Survey."""
    collector: Words | None = None
    """Who collected it."""
    years: Words | None = None
    """Which years it is about, such as 2008-2010."""
    fieldwork: Words | None = None
    """When the firms were asked, such as 2011."""
    population: Population | None = None
    citation: Words | None = None
    """How the data are to be cited."""
    licence: Words | None = None
    """Under which terms the records may be used."""
    access: Words | None = None
    """Who may have the records and where from, as a sentence without its full stop."""
    caveats: tuple[Words, ...] = ()
    """What a reader should know, each as a sentence."""

    def over(self, other: Survey) -> Survey:
        """Return the survey with what it does not say taken from another."""
        own = {key: getattr(self, key) for key in self.model_fields_set}
        if self.population and other.population:
            stated = self.population.model_fields_set
            population = {key: getattr(self.population, key) for key in stated}
            own["population"] = other.population.model_copy(update=population)
        return other.model_copy(update=own)
