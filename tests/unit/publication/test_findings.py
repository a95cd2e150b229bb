import pandas as pd

from cisflow.base.records import read_tables
from cisflow.claims.verdicts import WORDS


def test_a_claim_keeps_its_text_wave_names(tmp_path, synthetic):
    claims = synthetic.claims
    claims.assign(wave="2010", country="NA").to_csv(tmp_path / "c.csv", index=False)
    read = read_tables([tmp_path / "c.csv"], WORDS)
    assert set(read["wave"]) == {"2010"}
    assert set(read["country"]) == {"NA"}
    assert pd.api.types.is_float_dtype(read["estimate"])
