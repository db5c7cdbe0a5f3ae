"""Numbers that pages state, read from where the package has them, so that no page says another."""

import bayes_scaling as bs
from bayes_scaling.accounting import flops_per_token, total_params, transformer_params
from bayes_scaling.decisions.costs import TransformerFlops
from bayes_scaling.fitting import diagnostics
from bayes_scaling.model.hierarchy import CENTRED_FROM_RUNS
from bayes_scaling.trust.case import LADDER
from bayes_scaling.trust.checks import (
    coverage,
    design,
    extrapolation,
    floor,
    form,
    influence,
    learning,
    predictive,
    sampler,
)
from bayes_scaling.validation import folds, verdict

UNKNOWNS = len(bs.laws.Chinchilla.priors) + 1
"""Parameters of Chinchilla's law, and the scatter."""

_LONG = TransformerFlops(vocabulary=32_000, context=8192)


def _of_6nd_of_65b():
    """FLOP of a model of 65 billion parameters over 6ND, as `flops_per_token` has it."""
    params = transformer_params(80, 8192, ff=4 * 8192, attention=8192) + 32_000 * 8192
    shape = {"layers": 80, "d_model": 8192, "heads": 64, "vocabulary": 32_000, "context": 2048}
    return flops_per_token(**shape).total / (6 * params)


def _of_6nd(params):
    return f"{_LONG.spent(params, 1.0) / (6 * params):.2f}"


SUBSTITUTIONS = {
    "unknowns": UNKNOWNS,
    "twice_unknowns": 2 * UNKNOWNS,
    "settled": CENTRED_FROM_RUNS,
    "levels_least": design.LEVELS_LEAST,
    "ratio_times": f"{10**design.FEW_RATIOS:.1f}",
    "gap_times": f"{10**design.GAP_DOUBTED:.0f}",
    "trusted_share": f"{extrapolation.TRUSTED_SHARE:.0%}",
    "decades_for_100": f"{2 / extrapolation.TRUSTED_SHARE:.0f}",
    "decades_for_1000": f"{3 / extrapolation.TRUSTED_SHARE:.0f}",
    "few_held_out": extrapolation.FEW,
    "miss_caution": f"{extrapolation.MISS_CAUTION:.0%}",
    "miss_distrust": f"{extrapolation.MISS_DISTRUST:.0%}",
    "doubts": verdict.DOUBTS,
    "r_hat": sampler.R_HAT_FORECAST,
    "r_hat_worst": folds.R_HAT_WORST,
    "mcse": f"{sampler.ADDS:.0%}",
    "mcse_worst": f"{sampler.ADDS_WORST:.0%}",
    "sensitive": learning.SENSITIVE,
    "unlearnt": f"{learning.UNLEARNT:.0%}",
    "structure": f"{predictive.WORTH:.0%}",
    "structure_worst": f"{predictive.RULING:.0%}",
    "run_moves": influence.MOVES,
    "run_moves_worst": 2 * influence.MOVES,
    "impossible": f"{influence.IMPOSSIBLE:.0%}",
    "floor_moves": f"{floor.MOVES:.0%}",
    "floor_unlearnt": f"{floor.UNLEARNT:.0%}",
    "simulations": coverage.SIMULATIONS,
    "form_caution": f"{form.CAUTION:g}",
    "form_distrust": f"{form.DISTRUST:g}",
    "ladder": f"{', '.join(f'{rung:g}' for rung in LADDER[1:-1])} and {LADDER[-1]:g}",
    "ess_least": diagnostics.ESS_LEAST,
    "r_hat_most": diagnostics.R_HAT_MOST,
    "total_1e6": f"{total_params(1e6) / 1e6:.2f}",
    "total_1e9": f"{total_params(1e9) / 1e9:.2f}",
    "more_of_65b": f"{_of_6nd_of_65b() - 1:.1%}",
    "cost_1e8": _of_6nd(1e8),
    "cost_1e10": _of_6nd(1e10),
    "cost_1e12": _of_6nd(1e12),
}
