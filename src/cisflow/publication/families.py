"""Which models of a run belong together: what is asked of its models file before it estimates."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice, takewhile

from cisflow.panel.constructs import RECODED
from cisflow.raw.printed import PRINTED
from cisflow.study.models import CENSORED, REGRESSIONS, Balance, Model
from cisflow.study.terms import columns_of


def regression_models(models: Mapping[str, Model]) -> list[str]:
    """Return the models that are regressions, in the order of the run."""
    return models_of(models, *REGRESSIONS)


def leading_regression(models: Mapping[str, Model]) -> list[str]:
    """Return the first regression of a share at its limits, which the paper opens with, or none.

    One that repeats an equation of the run's path models stands beside these.
    """
    censored = models_of(models, *CENSORED)
    own = (name for name in censored if not _repeats_equation(models[name], models))
    return list(islice(own, 1))


def _repeats_equation(spec: Model, models: Mapping[str, Model]) -> bool:
    """Return whether all a regression explains is explained so by a path model of the run."""
    systems = [models[name].equations for name in models_of(models, "path")]
    return all(
        any(set(spec.regressors) <= set(system.get(outcome, ())) for system in systems)
        for outcome in spec.outcomes
    )


def about_partners(spec: Model) -> bool:
    """Return whether a regression's terms of interest are about cooperation with partners."""
    terms = [term for terms in spec.columns.values() for term in terms]
    return any(name.startswith("coop_") for term in terms for name in columns_of(term))


def beside(models: Mapping[str, Model], names: Sequence[str]) -> list[str]:
    """Return the fractional logits of the same outcomes as some Tobits."""
    outcomes = [models[name].outcomes for name in names if models[name].estimator == "tobit"]
    return [name for name in models_of(models, "fractional") if models[name].outcomes in outcomes]


def recodings(models: Mapping[str, Model], model: str) -> list[str]:
    """Return the models that explain a model's outcomes with who was not asked at zero."""
    outcomes = list(models[model].outcomes)
    return [
        name
        for name in regression_models(models)
        if [RECODED.get(outcome) for outcome in models[name].outcomes] == outcomes
    ]


def limited(models: Mapping[str, Model]) -> list[str]:
    """Return the regressions whose outcome has limits, so that coefficients are not effects."""
    return [model for model in regression_models(models) if models[model].censored]


def robust(models: Mapping[str, Model]) -> list[str]:
    """Return the Tobits that have robust alternatives beside them."""
    return [model for model in models_of(models, "tobit") if models[model].robust]


def further_regressions(models: Mapping[str, Model]) -> list[str]:
    """Return the regressions beside the leading one."""
    return [m for m in regression_models(models) if m not in leading_regression(models)]


def models_of(models: Mapping[str, Model], *estimators: str) -> list[str]:
    """Return the models of some estimators, in the order of the run."""
    return [name for name, spec in models.items() if spec.estimator in estimators]


def weighed_regressions(models: Mapping[str, Model]) -> list[str]:
    """Return the further regressions that stand with and without weights side by side."""
    return [m for m in further_regressions(models) if len(models[m].weightings) > 1]


def compared_regressions(models: Mapping[str, Model]) -> list[str]:
    """Return the regressions with several kinds of standard errors."""
    return [m for m in regression_models(models) if len(models[m].covariance) > 1]


def sensitive(models: Mapping[str, Model]) -> list[str]:
    """Return the models whose coefficients are held against an omitted variable."""
    return [model for model, spec in models.items() if spec.sensitivity]


def with_practices(models: Mapping[str, Model]) -> list[str]:
    """Return the regressions that ask whether practices are complements."""
    return [model for model, spec in models.items() if spec.practices]


def curved(models: Mapping[str, Model]) -> list[str]:
    """Return the regressions that ask for an inverted U."""
    return [model for model, spec in models.items() if spec.u_shape]


def profiled(models: Mapping[str, Model]) -> list[str]:
    """Return the regressions that tell an effect over the range of another variable."""
    return [model for model, spec in models.items() if spec.profiles]


def described(models: Mapping[str, Model]) -> list[str]:
    """Return the models whose samples are shown: the leading regression, each group's first."""
    first = [names[0] for names in path_groups(models).values()]
    return [*leading_regression(models), *(m for m in first if not models[m].printed)]


def path_groups(models: Mapping[str, Model]) -> dict[str, list[str]]:
    """Return the path models by common name: readings of the same source stand side by side."""
    by_source: dict[tuple[str, bool], list[str]] = {}
    for name, spec in models.items():
        if spec.estimator == "path":
            about = spec.source or name, bool(spec.printed)
            by_source.setdefault(about, []).append(name)
    return {shared_name(names): names for names in by_source.values()}


def path_models(models: Mapping[str, Model]) -> list[str]:
    """Return the path models, group by group."""
    return [model for members in path_groups(models).values() for model in members]


def pooled_in_paper(models: Mapping[str, Model]) -> list[str]:
    """Return the models whose pooled coefficients the paper prints, in its order."""
    paths = [*path_models(models), *split_balances(models)]
    return [*leading_regression(models), *weighed_regressions(models), *paths]


def pooled_models(models: Mapping[str, Model]) -> list[str]:
    """Return all models, those that the paper prints first."""
    return list(dict.fromkeys([*pooled_in_paper(models), *models]))


def balance_of(model: Model) -> Balance:
    """Return what a balance splits."""
    if model.balance is None:
        raise ValueError(f"“{model.title}” is no balance")
    return model.balance


def told_column(spec: Model) -> str:
    """Return the column of a regression that is told in words: the shortest of several terms."""
    columns = spec.columns
    several = [name for name, terms in columns.items() if len(terms) > 1]
    return str(min(several or columns, key=lambda name: len(columns[name])))


def scanned_balances(models: Mapping[str, Model]) -> list[str]:
    """Return the balances that scan lags, which are drawn over time."""
    return [model for model in models_of(models, "balance") if models[model].lags]


def split_balances(models: Mapping[str, Model]) -> list[str]:
    """Return the balances of the source itself at the run's own lag, which are drawn by path.

    One that is there for the weights beside it repeats another.
    """
    balances = [m for m in models_of(models, "balance") if len(models[m].weightings) == 1]
    return [m for m in balances if not models[m].lags and not models[m].steps]


def distinct_balances(models: Mapping[str, Model]) -> list[str]:
    """Return of the split balances one of each source and target: of the same, the first."""
    first: dict[tuple[str, str], str] = {}
    for model in split_balances(models):
        about = balance_of(models[model])
        first.setdefault((about.source, about.target), model)
    return list(first.values())


def stepped_balances(models: Mapping[str, Model]) -> list[str]:
    """Return the balances by step, such as each further type of partner."""
    return [model for model in models_of(models, "balance") if models[model].steps]


def grouped_balances(models: Mapping[str, Model]) -> list[str]:
    """Return the balances at the run's own lag that compare groups of firms."""
    return [model for model in split_balances(models) if models[model].by]


def shared_name(names: Sequence[str]) -> str:
    """Return the words several names begin with, or all of them joined."""
    words = zip(*(name.split("_") for name in names), strict=False)
    shared = takewhile(lambda together: len(set(together)) == 1, words)
    return "_".join(together[0] for together in shared) or "_".join(names)


def general_of(members: Sequence[str], models: Mapping[str, Model]) -> str:
    """Return the path model of a group that has all arrows of the others, or the first."""
    return next((name for name in members if models[name].union_of), members[0])


def reading(model: str, members: Sequence[str]) -> str:
    """Return what tells a path model from the others of its group."""
    return model.removeprefix(shared_name(members)).strip("_") or model


def waves_of(spec: Model, waves: Sequence[str]) -> list[str]:
    """Return the waves a model is estimated on, or what stands for them."""
    if spec.printed:
        return [PRINTED]
    return [wave for wave in waves if wave in (spec.waves or waves)]


def printed_places(
    countries: Mapping[str, Sequence[str]], models: Mapping[str, Model]
) -> list[tuple[str, str]]:
    """Return where estimates from printed tables stand; a run that has any is of one country."""
    any_printed = any(bool(spec.printed) for spec in models.values())
    return [(country, PRINTED) for country in countries] if any_printed else []


def places(countries: Mapping[str, Sequence[str]]) -> Iterator[tuple[str, str]]:
    """Yield every country and wave in order."""
    for country, waves in countries.items():
        for wave in waves:
            yield country, wave
