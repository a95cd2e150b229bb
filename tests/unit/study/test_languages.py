import pytest

from cisflow.study.languages import language_files, translation_problems


def test_english_needs_no_catalogue_and_dutch_has_two(root):
    assert language_files("en") == []
    found = [file.resolve().relative_to(root).as_posix() for file in language_files("nl")]
    assert found == ["paper/languages/nl.po", "config/languages/nl.po"]


def test_the_users_catalogue_comes_last_and_so_wins(tmp_path):
    own = tmp_path / "config/languages/nl.po"
    own.parent.mkdir(parents=True)
    own.write_text('msgid "A"\nmsgstr "B"\n')
    assert language_files("nl", tmp_path)[-1] == own


@pytest.mark.parametrize(("language", "told"), [("en", 0), ("nl", 0), ("xx", 1)])
def test_a_language_without_words_is_a_problem(language, told):
    problems = list(translation_problems(language))
    assert len(problems) == told
    assert all("en, nl" in problem.remedy for problem in problems)
