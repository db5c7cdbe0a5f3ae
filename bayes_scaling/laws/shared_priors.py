"""Priors informed by published fits: floors and exponents that several laws share.

A test holds the published sets of all laws against the priors of these.
"""

from bayes_scaling.priors import Prior

FLOORS = ("E", "c")
"""Names that laws have for a floor."""

FLOOR = Prior.beta(6.0, 4.0)
"""Floor as a share of the lowest losses of a sweep (their 5 % quantile): 90 % within 0.35 and 0.83.

Published floors over the lowest losses of the same runs: 0.82 (Besiroglu et al., 2024,
arXiv:2404.10102), 0.77 (Hoffmann et al., 2022, arXiv:2203.15556)."""

WIDE_FLOOR = Prior.beta(2.0, 2.0)
"""Floor as a share of the lowest losses, for any inputs, data or metric: 90 % within 0.14 and 0.86.
"""

WIDE_EXPONENT = Prior.between(0.1, 0.8)
"""Exponent of any one input: it holds those of learning curves of vision and translation
(Alabdulmohsin et al., 2022, arXiv:2209.06640) and that of compute along a frontier, half of the
exponents of size and data."""

KAPLAN_CRITICAL = Prior.between(1e-6, 100.0)
"""Input that alone would leave a low loss of the runs, under a power of the whole loss: with
exponents of 0.1 or less it is ten times that of the reference run, whose loss is middling, and
more."""

KAPLAN_EXPONENT = Prior.between(0.04, 0.4)
"""Exponent of an input in the whole loss: 0.05 to 0.1 in Kaplan et al. (2020, arXiv:2001.08361)."""

EXPONENT = Prior.between(0.2, 0.5)
"""Exponent of size or data above a floor, in one pass over fresh text.

Published: 0.34 and 0.28 (Hoffmann et al., 2022), 0.35 and 0.37 (Besiroglu et al., 2024), 0.35
(Muennighoff et al., 2023, arXiv:2305.16264), 0.24 to 0.27 for both (Gadre et al., 2024,
arXiv:2403.08540)."""
