"""`python -m bench [NAME …] [--full]`: in one run, so that the ratios mean something."""

import sys
from functools import partial

from bench import deciding, filing, sweeping, worktime
from core import logs

if __name__ == "__main__":  # a worker process of a measurement imports this module again
    names, full = set(sys.argv[1:]) - {"--full"}, "--full" in sys.argv
    logs.configure("warning", "bench")
    for name, measure in (
        ("worktime", worktime.run),
        ("deciding", deciding.run),
        ("filing", filing.run),
        ("sweeping", partial(sweeping.run, full=full)),
    ):
        if not names or name in names:
            measure()
