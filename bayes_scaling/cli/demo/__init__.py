"""The demo: a sweep simulated from a known truth, fitted, and compared with that truth."""

from bayes_scaling.cli.demo.folder import prepare_folder
from bayes_scaling.cli.demo.running import FILES, DemoResult, fit_demo, write_demo
from bayes_scaling.cli.demo.text import introduction, results_text, written_text
from bayes_scaling.cli.demo.truth import simulated_runs

__all__ = [
    "FILES",
    "DemoResult",
    "fit_demo",
    "introduction",
    "prepare_folder",
    "results_text",
    "simulated_runs",
    "write_demo",
    "written_text",
]
