"""What the results of this folder have beside those of a regression: a printed summary."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from cisflow.estimators.regression.rows import FittedModel


@dataclass(frozen=True)
class PrintedModel(FittedModel):
    """Results that print themselves in statsmodels' layout.

    Attributes
    ----------
    facts : dict
        What stands above the coefficients: name → text.
    tests : dict
        Name → ``{"statistic", "df", "p_value"}``.
    """

    facts: Mapping[str, str] = field(default_factory=dict)
    tests: Mapping[str, Mapping[str, float]] = field(default_factory=dict)

    def summary(self, alpha: float = 0.05) -> Any:
        """Return a printed summary that reads like statsmodels'.

        Returns
        -------
        statsmodels.iolib.summary.Summary
            Prints as text; ``as_latex()``, ``as_html()`` and ``as_csv()`` give the other forms.
        """
        from statsmodels.iolib.summary import Summary
        from statsmodels.iolib.table import SimpleTable
        from statsmodels.iolib.tableformatting import fmt_2cols, fmt_params

        printed, facts = Summary(), {**self.facts, **self._tested()}
        title = f"{self.model.kind} Results"
        printed.tables.append(
            SimpleTable(
                [[v] for v in facts.values()], stubs=[*facts], title=title, txt_fmt=fmt_2cols
            )
        )
        low, high = f"[{alpha / 2:.3g}", f"{1 - alpha / 2:.3g}]"
        heads = ["coef", "std err", "z" if self.df is None else "t", "P>|z|", low, high]
        table = SimpleTable(
            self._lines(alpha), headers=heads, stubs=[*self.params.index], txt_fmt=fmt_params
        )
        printed.tables.append(table)
        printed.add_extra_txt([f"{term}: {why}." for term, why in self.notes.items()])
        return printed

    def _tested(self) -> dict[str, str]:
        return {
            f"{name}:": f"{t['statistic']:.4g} (df {t['df']:g}), p = {t['p_value']:.3f}"
            for name, t in self.tests.items()
        }

    def _lines(self, alpha: float) -> list[list[str]]:
        ends = self.conf_int(alpha).to_numpy()
        columns = [self.params, self.bse, self.tvalues, self.pvalues]
        numbers = np.column_stack([*(c.to_numpy() for c in columns), ends])
        return [
            [f"{b:.4g}", f"{se:.4g}", f"{z:.3f}", f"{p:.3f}", f"{lo:.4g}", f"{hi:.4g}"]
            for b, se, z, p, lo, hi in numbers
        ]
