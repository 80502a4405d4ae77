"""`python -m bench`: every measurement in one run, so that their ratios mean something."""

from bench import deciding, filing, worktime
from core import logs

logs.configure("warning", "bench")
for measure in (worktime.run, deciding.run, filing.run):
    measure()
