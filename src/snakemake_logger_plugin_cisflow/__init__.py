"""How Snakemake finds what `cisflow run` shows of a run: it asks for plugins by this name."""

from cisflow.assist.progress import LogHandler

__all__ = ["LogHandler"]
