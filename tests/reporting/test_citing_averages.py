"""A result of an average is cited with each law and its weight."""

from collections.abc import Callable

import bayes_scaling as bs


def test_an_average_names_its_laws_and_weights(
    converged_fit: bs.ScalingFit, prior_fit: Callable[..., bs.ScalingFit]
) -> None:
    kaplan = prior_fit(bs.ScalingModel("KaplanJoint"), converged_fit.runs, draws=1000)
    average = bs.average({"a": converged_fit, "b": kaplan}, {"a": 0.75, "b": 0.25})
    found = bs.cite(bs.forecast(average, params=7e10, tokens=1.4e12))
    assert "by an average of 2 Bayesian fits, given: the law Chinchilla" in found.sentence
    assert "(weight 0.75) and the law KaplanJoint (Kaplan et al., 2020)" in found.sentence
    assert "Draws of 2 fits were mixed with weights 0.75, 0.25" in found.methods
    assert "@article{hoffmann2022training" in found.bibtex
    assert "@article{kaplan2020scaling" in found.bibtex
    assert len(found.formulas) == 2
    for formula in found.formulas:
        assert formula in found.to_markdown()
    alone = bs.cite(bs.forecast(average.only(["a"]), params=7e10, tokens=1.4e12))
    assert "by Bayesian fit, which has all the weight of an average (given), of the law Chin" in (
        alone.sentence
    )
    assert "It has all the weight of an average (given)." in alone.methods
    assert "the best run has" in bs.cite(bs.allocate(average.only(["a"]), 5.76e23)).sentence
