"""What a fit says without each row, found by leaving each out."""

import numpy as np


def refits(fit):
    """Coefficients and standard errors (n, k) of the refits without each row."""
    terms = fit.params.index
    found = [fit.without(i) for i in range(len(fit.leave_one_out().params))]
    params, bse = (
        np.array([getattr(other, name).reindex(terms).to_numpy() for other in found])
        for name in ("params", "bse")
    )
    bse[["negative eigenvalues" in other.cov_note for other in found]] = np.nan
    return params, bse


def errors(fit):
    """How far one step is from the refits: coefficients in standard errors, and bse relative.

    Refits whose variances of several ways had to be repaired have no formula that steps follow.
    """
    found, (params, bse) = fit.leave_one_out(), refits(fit)
    return (
        np.nanmax(np.abs(found.params - params) / fit.bse.to_numpy()),
        np.nanmax(np.abs(found.bse / bse - 1)),
    )
