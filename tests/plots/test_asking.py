import inspect

import matplotlib.pyplot as plt
import pytest

from bayes_scaling import plots
from bayes_scaling.errors import BayesScalingError


@pytest.mark.parametrize("name", plots.__all__)
@pytest.mark.parametrize("given", [3, None, "fit.nc"])
def test_what_a_plot_does_not_draw_is_refused_in_words(name: str, given: object) -> None:
    plot = getattr(plots, name)
    argument = next(iter(inspect.signature(plot).parameters))
    found = "missing" if given is None else f"of type {type(given).__name__}"
    said = rf"plots.{name}: {argument} is {found}, .*Give what bs\."
    with pytest.raises(BayesScalingError, match=said):
        plot(**{argument: given})
    if given is None:
        with pytest.raises(BayesScalingError, match=said):
            plot()
    assert plt.get_fignums() == []
