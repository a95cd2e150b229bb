"""Estimators: numbers in, results out."""
