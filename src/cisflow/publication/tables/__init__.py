"""Findings to tables."""
