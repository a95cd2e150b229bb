"""A panel drawn without files is the panel that the files give."""

import numpy as np
import pandas as pd
import pytest

from cisflow.base.documents import read_yaml
from cisflow.panel.drawn import draw_panel, enlarged
from cisflow.simulate.extracts import simulate_extracts
from cisflow.simulate.survey import answers, classified, draw_waves, name_firms
from cisflow.study.codebook_files import load_codebook
from cisflow.study.truth import load_truth
from cisflow.survey.ingest import ingest_wave, records_of


@pytest.fixture(scope="module")
def truth(root):
    return load_truth(root / "config/truth/flanders.yaml", root)


@pytest.fixture(scope="module")
def codebooks(root):
    folders = [root / "config/codebooks"]
    return {wave: load_codebook(f"eurostat/{wave.lower()}", folders) for wave in ("CIS2", "CIS4")}


@pytest.fixture(scope="module")
def draw(root, truth, codebooks):
    def drawn(truth=truth, seed=3, **options):
        return draw_panel(
            truth,
            codebooks,
            np.random.default_rng(seed),
            country="BE",
            with_accounts=True,
            lag=2,
            industries=read_yaml(root / "config/nace.yaml"),
            **options,
        )

    return drawn


def test_records_are_those_of_the_file_with_the_same_answers(truth, codebooks, tmp_path):
    file = {"CIS2": tmp_path / "cis2.sav"}
    book = codebooks["CIS2"]
    simulate_extracts(truth, {"CIS2": book}, None, 7, file)
    ingested, _ = ingest_wave(file["CIS2"], book, "BE", "CIS2")
    rng = np.random.default_rng([7, *b"BE"])
    waves = draw_waves(truth, {"CIS2": book.variables}, rng)
    name_firms(truth, waves, "BE", rng)
    given = classified(truth, answers(truth, waves["CIS2"], book.variables, rng), book)
    direct = records_of(given, book, "BE", "CIS2")
    # A file has whole units of money, and of a small amount at least one.
    unit = max(book.multiple(v) for v in ("turnover", "rd_internal"))
    # Whether a firm does R&D at all is a question of the file's own, from which blanks are filled.
    filled = [name for name, asks in book.variables.items() if asks.screen]
    rest = ingested.columns.difference(filled)
    pd.testing.assert_frame_equal(direct[rest], ingested[rest], rtol=0, atol=unit)
    for name in filled:
        known = direct[name].notna() & ingested[name].notna()
        assert (
            direct.loc[known, name].astype(float) - ingested.loc[known, name]
        ).abs().max() <= unit


def test_the_waves_of_a_draw_have_the_sizes_of_the_truth(draw, truth):
    panel = draw()
    for wave, part in panel.groupby("wave"):
        assert len(part) == sum(truth["sizes"][wave].values())
    assert panel["share_new"].notna().any()
    assert panel["profit_margin"].notna().any()
    assert panel["turnover"].isna().any()  # questions left blank


def test_a_population_leaves_no_question_blank_that_was_put_to_it(draw):
    panel = draw(complete=True)
    cis4 = panel[panel["wave"] == "CIS4"]
    assert cis4["turnover"].notna().all()
    assert cis4.loc[cis4["asked_shares"], "share_new_market"].notna().all()
    assert cis4.loc[~cis4["asked_shares"], "share_new_market"].isna().all()
    assert not cis4["asked_shares"].all()


def test_a_larger_population_keeps_its_proportions(truth):
    large = enlarged(truth, 10_000)["sizes"]["CIS2"]
    small = truth["sizes"]["CIS2"]
    assert sum(large.values()) == pytest.approx(10_000, abs=5)
    assert large["analysis"] / large["process_only"] == pytest.approx(221 / 78, rel=0.01)
    assert small["analysis"] == 221  # the truth itself is as it was


def test_groups_that_no_sample_takes_keep_their_size(truth):
    sizes = truth["sizes"]["CIS4"]
    wanted = [["manufacturing", "innovation_active"], ["manufacturing", "innovation_active", "x"]]
    large = enlarged(truth, 10_000, wanted)["sizes"]["CIS4"]
    for group in ("services_innovative", "not_innovative", "services_not_innovative"):
        assert large[group] == sizes[group]
    innovators = ("analysis", "without_accounts", "incomplete", "process_only")
    assert sum(large[group] for group in innovators) == pytest.approx(10_000, abs=5)
    either = enlarged(truth, 10_000, [["manufacturing"], ["innovation_active"]])["sizes"]["CIS4"]
    assert either["not_innovative"] > sizes["not_innovative"]
    assert either["services_not_innovative"] == sizes["services_not_innovative"]


def test_the_same_generator_draws_the_same_panel(draw):
    pd.testing.assert_frame_equal(draw(), draw())
    assert not draw(seed=4)["turnover"].equals(draw()["turnover"])
