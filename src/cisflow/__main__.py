"""``python -m cisflow``."""

from cisflow.cli import main

raise SystemExit(main())
