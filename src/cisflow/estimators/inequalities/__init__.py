"""Tests of inequalities: complements, inverted U, effects over a range."""
