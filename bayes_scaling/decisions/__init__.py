"""Questions that decide: splits of compute, their price, what to run next.

One question per file, each a function of a fit that returns a frozen result with draws and a table.

=================  ===============================================================================
`allocation`       the split of a budget with the least loss, under `constraints` and at a cost
`near_optimality`  how far from it one may go; `regretting`: what a given plan costs; `rules`
`lifetime`         the split that is cheapest to train and to serve
`requirements`     what a target loss needs; `returns`: what more of an input gives
`isolines`         curves of equal loss and equal compute; `parabolas`: the law-free optimum
`limits`           overfitting, early stopping; `crossings`: where two laws meet
`groups`           levels of a factor against each other
`design`           which runs to make next, for one of the `goals`
=================  ===============================================================================

All of them read one surface, that of :func:`bayes_scaling.forecast`, draw by draw: `_surfaces` has
its losses as plain arrays, `_splitting` the least loss of a budget and the least budget of a loss.
Other modules whose name begins with an underscore hold what several of these share.
"""
