import pandas as pd

from cisflow.claims.verdicts import CLAIMS


def test_a_claim_keeps_its_text_wave_names(tmp_path, synthetic):
    claims = synthetic.claims
    claims.assign(wave="2010", country="NA").to_csv(tmp_path / "c.csv", index=False)
    read = CLAIMS.read([tmp_path / "c.csv"])
    assert set(read["wave"]) == {"2010"}
    assert set(read["country"]) == {"NA"}
    assert pd.api.types.is_float_dtype(read["estimate"])
