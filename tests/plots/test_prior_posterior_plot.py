from collections.abc import Iterator
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pytest

import bayes_scaling as bs
from bayes_scaling import plots
from bayes_scaling.errors import BayesScalingError
from tests.plots.artists import legend_texts, marked


@pytest.fixture(autouse=True, scope="module")
def one_prior_sampled() -> Iterator[None]:
    """The prior of a model is compiled and sampled once for all of these figures."""
    sample, drawn = bs.ScalingModel.prior_predictive, {}

    def again(model: bs.ScalingModel, runs: bs.Runs, **options: Any) -> Any:
        key = repr(model), repr(runs), *options.items()
        if key not in drawn:
            drawn[key] = sample(model, runs, **options)
        return drawn[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bs.ScalingModel, "prior_predictive", again)
        yield


def test_default_panels_are_typical_values_and_what_is_sampled(stored_fit: bs.ScalingFit) -> None:
    panels = plots.prior_posterior(stored_fit)
    names = [panel.get_xlabel() for panel in panels]
    assert names[:6] == ["E_typical", "A_typical", "B_typical", "alpha", "beta", "a"]
    assert {"E_sd_corpus", "noise_sd", "noise_df", "delta_sd", "miss_sd"} <= set(names)
    assert len(set(names)) == len(names)


def test_each_panel_has_a_prior_and_a_posterior_of_the_same_height(
    stored_fit: bs.ScalingFit,
) -> None:
    [panel] = plots.prior_posterior(stored_fit, var_names=["alpha"])
    [prior], [posterior] = marked(panel, "prior"), marked(panel, "posterior")
    assert max(prior.get_ydata()) == max(posterior.get_ydata()) == 1.0
    assert np.ptp(posterior.get_xdata()) < np.ptp(prior.get_xdata())
    draws = stored_fit.posterior["alpha"]
    peak = posterior.get_xdata()[np.argmax(posterior.get_ydata())]
    assert float(draws.quantile(0.1)) < peak < float(draws.quantile(0.9))


def test_the_prior_is_in_paper_units(stored_fit: bs.ScalingFit) -> None:
    [panel] = plots.prior_posterior(stored_fit, var_names=["E_typical"])
    [prior] = marked(panel, "prior")
    low, high = stored_fit.model.describe(stored_fit.runs).loc[
        "E_typical_ref", ["paper_lower", "paper_upper"]
    ]
    x, density = prior.get_data()
    mass = np.cumsum(density) / np.sum(density)
    assert np.interp(0.05, mass, x) == pytest.approx(low, rel=0.1)
    assert np.interp(0.95, mass, x) == pytest.approx(high, rel=0.1)


@pytest.mark.parametrize(
    ("name", "scale"), [("A_typical", "log"), ("E_typical", "linear"), ("floor_drop", "linear")]
)
def test_the_axis_is_logarithmic_where_the_prior_spans_decades(
    stored_fit: bs.ScalingFit, name: str, scale: str
) -> None:
    [panel] = plots.prior_posterior(stored_fit, var_names=[name])
    assert panel.get_xscale() == scale


def test_the_shade_is_the_interval_asked_for(stored_fit: bs.ScalingFit) -> None:
    [panel] = plots.prior_posterior(stored_fit, var_names=["alpha"], prob=0.5)
    [shade] = marked(panel, "interval")
    x = shade.get_paths()[0].vertices[:, 0]
    ends = stored_fit.posterior["alpha"].quantile([0.25, 0.75]).values
    np.testing.assert_allclose([x.min(), x.max()], ends, rtol=0.02)
    [legend] = panel.figure.legends
    assert legend_texts(legend) == ["prior", "posterior", "50 % ETI"]


def test_a_parameter_of_groups_has_a_posterior_for_each(stored_fit: bs.ScalingFit) -> None:
    [panel] = plots.prior_posterior(stored_fit, var_names=["E"])
    colours = {line.get_color() for line in marked(panel, "posterior")}
    assert len(colours) == 2
    [legend] = panel.figure.legends
    assert "posterior, books" in legend_texts(legend)


def test_axes_given_are_drawn_on(stored_fit: bs.ScalingFit) -> None:
    figure, mine = plt.subplots(1, 2)
    panels = plots.prior_posterior(stored_fit, var_names=["alpha", "beta"], ax=mine)
    assert list(panels) == list(mine)
    assert figure.legends == []
    assert mine[1].get_legend() is not None


def test_an_unknown_name_is_refused_with_those_there_are(stored_fit: bs.ScalingFit) -> None:
    with pytest.raises(BayesScalingError, match=r"no variable 'alfa'.*'alpha'"):
        plots.prior_posterior(stored_fit, var_names=["alfa"])
    assert plt.get_fignums() == []


def test_a_parameter_held_at_a_value_has_no_panel(prior_fit, sweep: bs.Runs) -> None:
    model = bs.ScalingModel("chinchilla", priors={"beta": bs.Prior.fixed_at(0.37)})
    fit = prior_fit(model, sweep)
    assert "beta" not in [panel.get_xlabel() for panel in plots.prior_posterior(fit)]
    with pytest.raises(BayesScalingError, match="'beta' is held at a value"):
        plots.prior_posterior(fit, var_names=["beta"])
