"""Findings to figures."""
