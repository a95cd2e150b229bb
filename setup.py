"""What a wheel carries besides the package: the workflow and all it reads, as `cisflow/shipped`."""

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

ROOT = Path(__file__).parent
SHIPPED = ("Snakefile", "environment.yml", "config", "workflow", "paper", "data/README.md")


class BuildWithShipped(build_py):
    """Copy what `cisflow.base.paths.shipped` finds around the package of a clone into a wheel."""

    def run(self) -> None:
        """Build the package; an editable one finds the clone itself."""
        super().run()
        if not self.editable_mode:
            inside = Path(self.build_lib, "cisflow", "shipped")
            shutil.rmtree(inside, ignore_errors=True)
            for name in SHIPPED:
                target = inside / name
                target.parent.mkdir(parents=True, exist_ok=True)
                if (source := ROOT / name).is_dir():
                    shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
                else:
                    shutil.copy2(source, target)


setup(cmdclass={"build_py": BuildWithShipped})
