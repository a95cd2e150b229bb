"""``python -m cisflow``."""

from cisflow.assist.cli import main

raise SystemExit(main())
