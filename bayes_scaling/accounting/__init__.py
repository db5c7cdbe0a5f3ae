"""Counts of parameters and FLOP, and the price of a batch size."""

from bayes_scaling.accounting.counts import (
    TokenFlops,
    flops_per_token,
    non_embedding_params,
    total_params,
    transformer_params,
)
from bayes_scaling.accounting.critical_batch import (
    compute_exponent,
    critical_batch_size,
    minimal_flops,
    minimal_steps,
    tokens_for_steps,
)

__all__ = [
    "TokenFlops", "compute_exponent", "critical_batch_size", "flops_per_token", "minimal_flops",
    "minimal_steps", "non_embedding_params", "tokens_for_steps", "total_params",
    "transformer_params",
]  # fmt: skip
