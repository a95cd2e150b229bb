"""Models and settings from the keys a test is about; what else they must have is made up."""

from cisflow.study.models import Model
from cisflow.study.settings import Settings

EXTRACT = {"file": "x.csv", "codebook": "y"}


def model_of(spec, **changes):
    """Return a model of some keys of the models file."""
    about = {"title": "t", "sample": [], "estimator": "ols"}
    return Model.model_validate({**about, **spec, **changes})


def settings_of(config):
    """Return a config of some of its keys; waves without an extract get one."""
    about = {"run": "r", "title": "t", "data": "synthetic", "seed": 1, "models": ["m"]}
    countries = {
        code: {**of, "waves": {wave: given or EXTRACT for wave, given in of["waves"].items()}}
        for code, of in config.get("countries", {}).items()
    }
    return Settings.model_validate({**about, **config, "countries": countries})


def coefficients(table):
    """Return the rows of tidy estimates that are coefficients, not effects."""
    return table[table["quantity"] == "coefficient"]
