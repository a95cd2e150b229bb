"""Make Snakemake's report safe to hand on: ``python -m cisflow.publication.report_page FILE``.

The report is one page that holds its data as JSON within scripts, where a title with ``</script>``
would end the script and begin another; and it lists what every job was given, paths of the machine
among it.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

# The parts of the page that hold data, in their order.
PARTS = (
    *("workflow_desc", "results", "categories", "rulegraph_spec"),
    *("runtimes_spec", "timeline_spec", "rules", "metadata"),
)
PRIVATE = ("params",)


def harmless(page: str) -> str:
    """Return a report whose data neither end a script nor tell where on the machine files lay."""
    parts, at = [], 0
    for name in PARTS:
        # Each is looked for behind the one before, so that no text can pass for a part.
        mark = f"var {name} = "
        if (start := page.find(mark, at)) < 0:
            continue
        data, end = json.JSONDecoder().raw_decode(page, start + len(mark))
        parts += [page[at : start + len(mark)], json.dumps(_told(data)).replace("<", "\\u003c")]
        at = end
    return "".join([*parts, page[at:]])


def _told(value: Any) -> Any:
    """Return data without parameters of jobs; of a path on the machine the file's name is left."""
    if isinstance(value, dict):
        return {key: "" if key in PRIVATE else _told(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_told(inner) for inner in value]
    return Path(value).name if isinstance(value, str) and Path(value).is_absolute() else value


def main() -> None:
    """Rewrite the report named on the command line."""
    file = Path(sys.argv[1])
    page = harmless(file.read_text(encoding="utf-8"))
    file.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
