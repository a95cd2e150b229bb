"""Results under the names others look for."""

import subprocess
import sys
import warnings

import numpy as np
import pytest

from cisflow.estimators.tobit.model import Tobit


def test_summary_reads_like_statsmodels(table):
    fit = Tobit.from_formula("y ~ a + industry", table, 0, 2, weights="w").fit()
    text = str(fit.summary())
    for words in ("Dep. Variable:", "No. Observations:", "Log-Likelihood:", "std err", "P>|z|",
                  "[0.025", "sigma", "industry[T.it]", "use HC1 or cluster"):  # fmt: skip
        assert words in text


def test_statsmodels_names(fit):
    assert list(fit.params.index) == ["const", "x1", "x2"]
    ci = fit.conf_int(0.1)
    np.testing.assert_allclose(ci[1] - fit.params, 1.6448536 * fit.bse, rtol=1e-7)
    np.testing.assert_allclose(fit.tvalues, fit.params / fit.bse)
    assert ((fit.pvalues > 0) & (fit.pvalues < 1)).all()
    assert fit.aic == pytest.approx(-2 * fit.llf + 8)
    assert fit.converged
    assert fit.scale_se == pytest.approx(fit.scale * fit.log_scale_se)


def test_maketables_shows_it(fit):
    import maketables

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        html = maketables.ETable([fit, fit.with_cov("HC1")]).make(type="html")
    text = html if isinstance(html, str) else html.as_raw_html()
    assert f"{fit.params['x1']:.3f}" in text
    assert "400" in text


def test_maketables_protocol(fit):
    from maketables.extractors import PluginExtractor

    clustered = fit.with_cov("cluster", {"groups": np.arange(400) % 40})
    plugin = PluginExtractor()
    table = plugin.coef_table(clustered)
    np.testing.assert_array_equal(table["se"], clustered.bse)
    np.testing.assert_array_equal(table[["ci95l", "ci95u"]], clustered.conf_int())
    assert plugin.stat(clustered, "N") == 400
    assert plugin.stat(clustered, "n_clusters") == 40
    assert plugin.stat(clustered, "sigma") == fit.scale
    assert plugin.stat(clustered, "r2") is None
    assert plugin.depvar(clustered) == "y"
    assert plugin.vcov_info(clustered)["vcov_type"] == "cluster"
    shown = plugin.default_stat_keys(clustered)
    assert all(plugin.stat(clustered, key) is not None for key in shown)
    assert set(plugin.stat_labels(clustered)) <= set(shown)


def test_import_brings_no_statsmodels():
    tobit = "from cisflow.estimators.tobit.model import Tobit"
    code = f"import sys; {tobit}; print('statsmodels' in sys.modules)"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "False"
