"""What the title page of the paper says and how it is set; printed as it is written."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from cisflow.study.documents import Document

Line = Annotated[str, Field(min_length=1, max_length=300)]


class Author(Document):
    """One author, in the order of the title page."""

    name: Line
    """Name in print."""
    affiliation: Line | None = None
    """Institution, and what else its line is to hold."""
    orcid: Annotated[str, Field(pattern=r"^\d{4}-\d{4}-\d{4}-\d{3}[\dX]$")] | None = None
    """ORCID, such as 0000-0002-1825-0097."""
    email: Annotated[str, Field(pattern=r"^\S+@\S+$", max_length=200)] | None = None
    """E-mail address; the first author who has one is the corresponding author."""


class Paper(Document):
    """The title page, and how the paper is set; every key may be left out."""

    subtitle: Line | None = None
    """Second line of the title; what the run estimates is said there when not given."""
    authors: tuple[Author, ...] = ()
    """The authors, in order."""
    keywords: tuple[Line, ...] = ()
    """Keywords below the abstract."""
    acknowledgement: Annotated[str, Field(min_length=1, max_length=2000)] | None = None
    """Thanks, funding and interests, in a section of their own."""
    anonymous: bool = False
    """`true` leaves out authors and acknowledgement, for blind review."""
    page: Literal["a4", "us-letter"] = "a4"
    """Size of the page."""
    spacing: Literal["single", "double"] = "single"
    """Space between lines; many journals want double for review."""
    line_numbers: bool = False
    """`true` numbers the lines, for review."""
