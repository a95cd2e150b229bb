"""Findings to the paper."""
