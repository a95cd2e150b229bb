"""Waves and accounts of a country linked; samples, and what describes them."""
