def test_stars_of_the_published_figure_are_compared_not_resolved(synthetic_paper):
    about = synthetic_paper["figure1"]
    assert (about["against_legend"], about["against_stricter"], about["total"]) == (3, 0, 7)
