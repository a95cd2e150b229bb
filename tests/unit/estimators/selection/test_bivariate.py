"""The bivariate normal distribution function against scipy's, which integrates."""

import numpy as np
import pytest
from scipy.stats import multivariate_normal

from cisflow.estimators.selection.bivariate import density, probability


@pytest.mark.parametrize("rho", [-0.95, -0.3, 0.0, 0.6, 0.99])
def test_probability(rho):
    places = np.array([[0.0, 0.0], [1.2, -0.4], [-2.0, 0.7], [0.0, 1.5], [-3.0, -3.0], [2.5, 2.5]])
    exact = multivariate_normal([0, 0], [[1, rho], [rho, 1]]).cdf(places)
    np.testing.assert_allclose(probability(*places.T, rho), exact, atol=1e-6)


def test_density_is_the_derivative_in_rho():
    h, k, step = np.array([0.3, -1.0]), np.array([-0.5, 0.2]), 1e-6
    slope = (probability(h, k, 0.4 + step) - probability(h, k, 0.4 - step)) / (2 * step)
    np.testing.assert_allclose(density(h, k, 0.4), slope, rtol=1e-8)
