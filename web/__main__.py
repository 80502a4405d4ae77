"""`python -m web` is the `jiesu` command."""

import sys

from web.cli import main

sys.exit(main())
