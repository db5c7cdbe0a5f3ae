"""Numbers that pages state, read from where the package has them, so that no page says another."""

import bayes_scaling as bs
from bayes_scaling.accounting import flops_per_token, total_params, transformer_params
from bayes_scaling.decisions.costs import TransformerFlops
from bayes_scaling.fitting import diagnostics
from bayes_scaling.model.hierarchy import CENTRED_FROM_RUNS
from bayes_scaling.trust.assessing import CHECKS, FULL_ONLY
from bayes_scaling.trust.case import LADDER
from bayes_scaling.trust.checks import (
    coverage,
    design,
    extrapolation,
    form,
    influence,
    learning,
    predictive,
    sampler,
)
from bayes_scaling.trust.report import MEANING

UNKNOWNS = len(bs.laws.Chinchilla.priors) + 1
"""Parameters of Chinchilla's law, and the scatter."""

_LONG = TransformerFlops(vocabulary=32_000, context=8192)


def _of_6nd_of_65b():
    """FLOP of a model of 65 billion parameters over 6ND, as `flops_per_token` has it."""
    params = transformer_params(80, 8192, ff=4 * 8192, attention=8192) + 32_000 * 8192
    shape = {"layers": 80, "d_model": 8192, "heads": 64, "vocabulary": 32_000, "context": 2048}
    return flops_per_token(**shape).total / (6 * params)


def _per_cent(share):
    return f"{100 * share:.0f} %"


def _listed(words):
    return f"{', '.join(words[:-1])} and {words[-1]}"


def _of_6nd(params):
    return f"{_LONG.spent(params, 1.0) / (6 * params):.2f}"


SUBSTITUTIONS = {
    "unknowns": UNKNOWNS,
    "twice_unknowns": 2 * UNKNOWNS,
    "settled": CENTRED_FROM_RUNS,
    "levels_least": design.LEVELS_LEAST,
    "ratio_times": f"{10**design.FEW_RATIOS:.1f}",
    "gap_times": f"{10**design.GAP_DOUBTED:.0f}",
    "trusted_share": _per_cent(extrapolation.TRUSTED_SHARE),
    "decades_for_100": f"{2 / extrapolation.TRUSTED_SHARE:.0f}",
    "decades_for_1000": f"{3 / extrapolation.TRUSTED_SHARE:.0f}",
    "miss_caution": _per_cent(extrapolation.MISS_CAUTION),
    "miss_distrust": _per_cent(extrapolation.MISS_DISTRUST),
    **{f"{verdict.replace(' ', '_')}_means": meaning for verdict, meaning in MEANING.items()},
    "full_only": _listed([f"*{name}*" for name in CHECKS if name in FULL_ONLY]),
    "r_hat": sampler.R_HAT_FORECAST,
    "r_hat_worst": diagnostics.R_HAT_WORST,
    "mcse": _per_cent(sampler.ADDS),
    "mcse_worst": _per_cent(sampler.ADDS_WORST),
    "sensitive": learning.SENSITIVE,
    "ruled": f"{learning.RULED:g}",
    "unlearnt": _per_cent(learning.UNLEARNT),
    "structure": _per_cent(predictive.WORTH),
    "structure_worst": _per_cent(predictive.RULING),
    "unlike": _per_cent(predictive.UNLIKE),
    "run_moves": influence.MOVES,
    "run_unsure": _per_cent(influence.MOST),
    "run_moves_worst": 2 * influence.MOVES,
    "impossible": _per_cent(influence.IMPOSSIBLE),
    "simulations": coverage.SIMULATIONS,
    "form_distrust": f"{form.DISTRUST:g}",
    "ladder": _listed([f"{rung:g}" for rung in LADDER[1:]]),
    "ess_least": diagnostics.ESS_LEAST,
    "r_hat_most": diagnostics.R_HAT_MOST,
    "total_1e6": f"{total_params(1e6) / 1e6:.2f}",
    "total_1e9": f"{total_params(1e9) / 1e9:.2f}",
    "more_of_65b": f"{100 * (_of_6nd_of_65b() - 1):.1f} %",
    "cost_1e8": _of_6nd(1e8),
    "cost_1e10": _of_6nd(1e10),
    "cost_1e12": _of_6nd(1e12),
}


def check_verdict_page(page):
    """Refuse a page on verdicts that leaves out a check."""
    missing = [name for name in CHECKS if f"| {name} |" not in page.read_text(encoding="utf-8")]
    if missing:
        raise ValueError(f"{page.name} has no row for {', '.join(missing)}")
