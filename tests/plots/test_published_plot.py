import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

import bayes_scaling as bs
from bayes_scaling import plots
from bayes_scaling.errors import BayesScalingError
from tests.plots.artists import legend_texts, marked

KEYS = ["hoffmann2022", "besiroglu2024", "sardana2024-all"]


def mark(panel, gid: str) -> float:
    [line] = marked(panel, gid)
    return float(line.get_xdata()[0])


def labels(panel) -> list[str]:
    return [text.get_text() for text in panel.get_yticklabels()]


def test_each_parameter_and_derived_quantity_has_a_panel(lone_fit: bs.ScalingFit) -> None:
    panels = plots.published(lone_fit)
    assert [panel.get_xlabel() for panel in panels] == ["E", "A", "B", "alpha", "beta", "a"]
    everything = bs.laws.published("chinchilla").index.unique("set")
    assert len(labels(panels[0])) == 1 + len(everything)


def test_posterior_and_published_values_are_drawn(lone_fit: bs.ScalingFit) -> None:
    [panel] = plots.published(lone_fit, KEYS, var_names=["beta"], prob=0.5)
    assert mark(panel, "posterior") == pytest.approx(float(lone_fit.posterior["beta"].median()))
    assert mark(panel, "besiroglu2024") == 0.3658
    bars = [bar.get_segments()[0] for bar in panel.collections]
    ends = lone_fit.posterior["beta"].quantile([0.25, 0.75]).values
    np.testing.assert_allclose(bars[0][:, 0], ends)
    np.testing.assert_allclose(bars[1], [[0.331, 2], [0.415, 2]])
    assert len(bars) == 2


def test_derived_quantities_of_a_set_are_drawn(lone_fit: bs.ScalingFit) -> None:
    [panel] = plots.published(lone_fit, KEYS, var_names=["a"])
    assert mark(panel, "hoffmann2022") == pytest.approx(0.4565, abs=5e-5)


def test_sets_of_secondary_sources_are_hollow_and_say_what_they_count(
    lone_fit: bs.ScalingFit,
) -> None:
    [panel] = plots.published(lone_fit, KEYS, var_names=["E"])
    faces = {line.get_gid(): line.get_markerfacecolor() for line in panel.lines if line.get_gid()}
    assert faces["sardana2024-all"] == "none"
    assert faces["hoffmann2022"] != "none"
    assert labels(panel) == [
        "posterior", "hoffmann2022", "besiroglu2024", "sardana2024-all (params: not stated)",
    ]  # fmt: skip
    [shown] = panel.figure.legends
    assert legend_texts(shown) == [
        "posterior, 90 % ETI",
        "published",
        "published, from a secondary source",
    ]


def test_the_axis_is_logarithmic_where_values_span_decades(lone_fit: bs.ScalingFit) -> None:
    wide, narrow = plots.published(lone_fit, var_names=["B", "alpha"])
    assert wide.get_xscale() == "log"
    assert narrow.get_xscale() == "linear"


def test_every_group_of_a_pooled_fit_has_a_row(stored_fit: bs.ScalingFit) -> None:
    varying, common = plots.published(stored_fit, KEYS[:2], var_names=["E", "alpha"])
    assert labels(varying)[:3] == ["posterior, books", "posterior, web", "hoffmann2022"]
    drawn = [line.get_xdata()[0] for line in marked(varying, "posterior")]
    np.testing.assert_allclose(drawn, stored_fit.posterior["E"].median(("chain", "draw")))
    same = [line.get_xdata()[0] for line in marked(common, "posterior")]
    assert len(set(same)) == 1


def test_sets_of_ones_own_and_axes_given_are_taken(lone_fit: bs.ScalingFit) -> None:
    own = bs.laws.PublishedSet(
        key="ours",
        law=bs.laws.Chinchilla(),
        parameters={"E": 1.7, "A": 400.0, "B": 1000.0, "alpha": 0.34, "beta": 0.35},
        paper="Ours (2026)",
        year=2026,
        arxiv="",
        cite="ours2026",
        where="table 2",
        data="our corpus",
        counts="total",
        status="P",
    )
    figure, mine = plt.subplots(1, 2)
    panels = plots.published(lone_fit, [own], var_names=["E", "A"], ax=mine)
    assert list(panels) == list(mine)
    assert mark(panels[0], "ours") == 1.7
    assert labels(panels[1]) == ["posterior", "ours"]
    assert figure.legends == []


def test_a_law_without_published_sets_is_refused(token_fit: bs.ScalingFit) -> None:
    with pytest.raises(BayesScalingError, match=r"no published set of PlottedPower\(\).*sets of"):
        plots.published(token_fit)
    assert plt.get_fignums() == []


def test_sets_of_another_law_are_refused(lone_fit: bs.ScalingFit) -> None:
    with pytest.raises(BayesScalingError, match="'chen2025-pile' is of another law than"):
        plots.published(lone_fit, ["hoffmann2022", "chen2025-pile"])


def test_no_sets_at_all_are_refused(lone_fit: bs.ScalingFit) -> None:
    with pytest.raises(BayesScalingError, match=r"sets is empty.*Leave it out"):
        plots.published(lone_fit, [])


def test_what_no_paper_has_is_refused(lone_fit: bs.ScalingFit) -> None:
    with pytest.raises(BayesScalingError, match=r"'noise_sd' is no parameter.*'E', 'A'"):
        plots.published(lone_fit, var_names=["noise_sd"])


@pytest.mark.parametrize("name", ["group", "parameter"])
def test_a_factor_may_be_called_like_what_is_drawn(name: str, prior_fit) -> None:
    params = np.geomspace(1e8, 1e10, 8)
    table = pd.DataFrame(
        {"params": params, "tokens": 20 * params, "loss": 3.0, name: list("abab" * 2)}
    )
    runs = bs.Runs.from_frame(table, factors=[name])
    fit = prior_fit(bs.ScalingModel("chinchilla", bs.Vary("E", by=name)), runs)
    [panel] = plots.published(fit, KEYS, var_names=["E"])
    assert labels(panel)[:2] == ["posterior, a", "posterior, b"]
