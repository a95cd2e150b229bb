"""Estimates of several countries and waves taken together."""
