"""The table of training runs: read, mapped, checked once, and frozen.

`_table` holds `Runs` itself; which column plays which part is settled in `_columns` and `_intake`,
what cells may hold in `_cells` and `_checks`, what a reader must know in `_notes`, subsets in
`_selecting`, printing in `_display`, files in `_files`. Other sources each have a module of their
own: training curves `_curves`, trackers `_mlflow` and `_wandb`.
"""

from bayes_scaling.runs._reading import read_runs
from bayes_scaling.runs._table import Runs
from bayes_scaling.runs._wandb import is_wandb_chart

__all__ = ["Runs", "is_wandb_chart", "read_runs"]
