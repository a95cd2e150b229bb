"""The packet for the output checker: what is meant to leave, and what is asked of it."""
