"""The table of training runs: read, mapped, checked once, and frozen.

`table` holds `Runs` itself; which column plays which part is settled in `columns` and `intake`,
what cells may hold in `cells` and `checks`, what a reader must know in `notes`, subsets in
`selecting`, printing in `overview`. Files, learning curves and experiment trackers are read in
`sources`.
"""

from bayes_scaling.runs.reading import read_runs
from bayes_scaling.runs.sources.wandb import is_wandb_chart
from bayes_scaling.runs.table import Runs

__all__ = ["Runs", "is_wandb_chart", "read_runs"]
