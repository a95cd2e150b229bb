"""A page in a headless browser, held against the rules of accessibility (axe).

Both are of the machine and not of the lock: a Chromium on the path, and axe-core where npm puts it
(`npm install --no-save axe-core` in the project) or in the file that AXE_CORE names.
"""

import json
import os
import re
import shutil
import subprocess
import tempfile
from html import unescape
from pathlib import Path

import pytest

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
PLACES = ("node_modules", "/usr/lib/node_modules", "/usr/local/lib/node_modules")
DARK = ("--blink-settings=preferredColorScheme=0",)

# The page is asked within a frame, as a browser's own window is never as narrow as a phone's.
FRAME = """<!DOCTYPE html><meta charset="utf-8"><pre id="said"></pre>
<iframe src="page.html" style="width:{width}px;height:900px;border:0"></iframe>
<script>addEventListener("message", (event) => {{
  document.getElementById("said").textContent = event.data;
}});</script>"""
ASK = """<script>addEventListener("load", async () => {
  const asked = async () => (await axe.run()).violations.map(
    ({id, nodes}) => `${id}: ${nodes.map((node) => node.html).slice(0, 3).join(" ")}`);
  const closed = await asked();
  for (const block of document.querySelectorAll("details")) block.open = true;
  await new Promise((then) => setTimeout(then, 300));
  const root = document.documentElement;
  const told = {closed, opened: await asked(), width: root.scrollWidth, shown: root.clientWidth,
    dark: matchMedia("(prefers-color-scheme: dark)").matches,
    scripted: !document.getElementById("filters").hidden};
  parent.postMessage(JSON.stringify(told), "*");
});</script>"""


def browser() -> str:
    """Return the browser's command; a machine without one skips the test."""
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    return found or pytest.skip("no Chromium here")


def axe(root: Path) -> Path:
    """Return axe-core's file; a machine without it skips the test."""
    named = [os.environ["AXE_CORE"]] if "AXE_CORE" in os.environ else []
    files = [*map(Path, named), *(root / place / "axe-core/axe.min.js" for place in PLACES)]
    return next((f for f in files if f.is_file()), None) or pytest.skip("no axe-core here")


def asked(page: str, root: Path, width: int, *, dark: bool) -> dict:
    """Return what axe has against a page, its details closed and opened, and how wide it is.

    The page's own policy would not let axe in; it is tested elsewhere and left out here.
    """
    command, script = browser(), axe(root).read_text(encoding="utf-8")
    page = re.sub(r"<meta http-equiv=\"Content-Security-Policy\"[^>]*>", "", page)
    page = page.replace("</body>", f"<script>{script}</script>{ASK}</body>")
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "page.html").write_text(page, encoding="utf-8")
        Path(folder, "frame.html").write_text(FRAME.format(width=width), encoding="utf-8")
        options = ["--headless=new", "--no-sandbox", "--disable-gpu", *(DARK if dark else ())]
        options += [f"--user-data-dir={folder}/profile", "--window-size=1400,1000"]
        options += ["--virtual-time-budget=600000", "--dump-dom"]
        done = subprocess.run(
            [command, *options, Path(folder, "frame.html").as_uri()],
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
    said = re.search(r'<pre id="said">(.+?)</pre>', done.stdout, re.S)
    assert said, done.stderr[-2000:]
    return json.loads(unescape(said[1]))
