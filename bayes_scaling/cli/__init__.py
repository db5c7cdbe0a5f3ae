"""The command line, ``bayes-scaling``: a table of runs in; posterior, forecast, allocation out.

Tables, or JSON, go to standard output; notes, progress and errors to standard error. A user's
mistake ends with exit code 2 and no traceback, an interrupt with 130.

The one place where modules are imported inside functions: ``bayes-scaling --help`` must not wait
for PyMC.
"""

from bayes_scaling.cli.app import main

__all__ = ["main"]
