import pytest
from pydantic import ValidationError

from cisflow.study.paper import Author, Paper


def test_a_paper_needs_nothing():
    paper = Paper()
    assert paper.as_params() == {
        "authors": [],
        "keywords": [],
        "anonymous": False,
        "page": "a4",
        "spacing": "single",
        "line_numbers": False,
    }


def test_an_author_is_taken_as_written():
    about = {"name": "A. Author", "orcid": "0000-0002-1825-0097", "email": "a@example.org"}
    assert Author(**about).as_params() == about


@pytest.mark.parametrize(
    "wrong", [{"orcid": "1825-0097"}, {"email": "nowhere"}, {"name": ""}, {"university": "KU"}]
)
def test_what_is_no_orcid_no_address_or_unknown_is_refused(wrong):
    with pytest.raises(ValidationError):
        Author(**{"name": "A. Author", **wrong})
