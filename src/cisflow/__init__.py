"""From Community Innovation Survey extracts to panels, estimates and a paper."""

__version__ = "0.1.0"
