from dataclasses import replace

import numpy as np
import pytest

import bayes_scaling as bs
from bayes_scaling import plots
from bayes_scaling.errors import BayesScalingError
from tests.plots.artists import marked


def dots(ax, label: str) -> np.ndarray:
    return np.array([[line.get_xdata()[0], line.get_ydata()[0]] for line in marked(ax, label)])


def alone(fit: bs.ScalingFit, lone_fit: bs.ScalingFit, level: str) -> bs.ScalingFit:
    return replace(lone_fit, runs=fit.runs.where(corpus=level))


def spans(ax) -> dict[str, tuple[float, float]]:
    return {str(p.get_label()): (p.get_x(), p.get_x() + p.get_width()) for p in ax.patches}


def test_levels_have_their_estimates_and_numbers_of_runs(stored_fit: bs.ScalingFit) -> None:
    ax = plots.shrinkage(stored_fit, "E")
    medians = stored_fit.posterior["E"].median(("chain", "draw"))
    np.testing.assert_allclose(dots(ax, "pooled")[:, 0], medians)
    ticks = [label.get_text() for label in ax.get_yticklabels()]
    assert ticks == ["books (18 runs)", "web (18 runs)"]
    assert ax.get_xlabel() == "E (paper units)"


def test_long_names_are_shortened_and_stay_tellable(long_named_fit: bs.ScalingFit) -> None:
    ax = plots.shrinkage(long_named_fit)
    books, web = (label.get_text() for label in ax.get_yticklabels())
    assert len(books) < 60
    assert "books" in books
    assert "web" in web


def test_the_first_varying_parameter_is_drawn_if_none_is_named(stored_fit: bs.ScalingFit) -> None:
    assert plots.shrinkage(stored_fit).get_title().startswith("E by corpus")


def test_a_new_level_is_less_certain_than_the_typical_value(stored_fit: bs.ScalingFit) -> None:
    found = spans(plots.shrinkage(stored_fit, "E", prob=0.8))
    new, typical = found["a new level, 80 % ETI"], found["typical value, 80 % ETI"]
    assert new[0] < typical[0] < typical[1] < new[1]
    ends = stored_fit.posterior["E_typical"].quantile([0.1, 0.9])
    np.testing.assert_allclose(typical, ends)


def test_arrows_lead_from_levels_alone_to_pooled_ones(
    stored_fit: bs.ScalingFit, lone_fit: bs.ScalingFit
) -> None:
    ax = plots.shrinkage(stored_fit, "E", unpooled={"web": alone(stored_fit, lone_fit, "web")})
    [arrow] = ax.texts
    assert arrow.xyann[0] == pytest.approx(float(lone_fit.posterior["E"].median()))
    assert tuple(arrow.xy) == pytest.approx(tuple(dots(ax, "pooled")[1]))
    texts = [text.get_text() for text in ax.get_legend().get_texts()]
    assert "each level alone, 90 % ETI" in texts


def test_without_fits_of_levels_alone_there_are_no_arrows(stored_fit: bs.ScalingFit) -> None:
    assert list(plots.shrinkage(stored_fit, "E").texts) == []


def test_a_parameter_that_does_not_vary_is_refused(stored_fit: bs.ScalingFit) -> None:
    with pytest.raises(BayesScalingError, match=r"'alpha' does not vary.*'E by corpus'"):
        plots.shrinkage(stored_fit, "alpha")


def test_a_model_without_groups_is_refused(lone_fit: bs.ScalingFit) -> None:
    with pytest.raises(BayesScalingError, match="nothing varies in"):
        plots.shrinkage(lone_fit)


def test_a_factor_that_it_does_not_vary_by_is_refused(stored_fit: bs.ScalingFit) -> None:
    with pytest.raises(BayesScalingError, match="'E' does not vary by 'family'"):
        plots.shrinkage(stored_fit, "E", by="family")


def test_fits_of_levels_that_there_are_not_are_refused(
    stored_fit: bs.ScalingFit, lone_fit: bs.ScalingFit
) -> None:
    with pytest.raises(BayesScalingError, match="fits of 'code'"):
        plots.shrinkage(stored_fit, "E", unpooled={"code": lone_fit})


def test_fits_of_another_law_are_refused(
    stored_fit: bs.ScalingFit, token_fit: bs.ScalingFit
) -> None:
    with pytest.raises(BayesScalingError, match=r"unpooled fit of 'web' is .*PlottedPower"):
        plots.shrinkage(stored_fit, "E", unpooled={"web": token_fit})


@pytest.fixture(scope="module")
def crossed_fit(prior_fit, sweep: bs.Runs) -> bs.ScalingFit:
    family = np.where(np.arange(len(sweep)) % 2, "gpt", "llama")
    corpus = np.where(np.arange(len(sweep)) % 3, "web", "books")
    table = sweep.table.assign(family=family, corpus=corpus)
    runs = bs.Runs.from_frame(table, factors=["family", "corpus"])
    model = bs.ScalingModel("chinchilla", [bs.Vary("E", by="family"), bs.Vary("E", by="corpus")])
    return prior_fit(model, runs)


def test_one_of_two_factors_has_to_be_named(crossed_fit: bs.ScalingFit) -> None:
    with pytest.raises(BayesScalingError, match="'E' varies by 'family', 'corpus'"):
        plots.shrinkage(crossed_fit, "E")


def test_of_two_factors_the_other_is_at_no_offset(crossed_fit: bs.ScalingFit) -> None:
    ax = plots.shrinkage(crossed_fit, "E", by="family")
    draws = crossed_fit.posterior
    offset = draws["E_sd_family"] * draws["E_z_family"]
    share = draws["E_typical_ref"] * np.exp(offset)
    medians = (crossed_fit.runs.reference["loss"] * share).median(("chain", "draw"))
    np.testing.assert_allclose(dots(ax, "pooled")[:, 0], medians)


def test_levels_alone_on_other_reference_scales_do_not_compare(
    prior_fit, sweep: bs.Runs, token_law: type[bs.Law], token_fit: bs.ScalingFit
) -> None:
    corpus = np.where(np.arange(len(sweep)) % 2, "web", "books")
    runs = bs.Runs.from_frame(sweep.table.assign(corpus=corpus), factors=["corpus"])
    pooled = prior_fit(bs.ScalingModel(token_law, bs.Vary("E", by="corpus")), runs)
    apart = replace(token_fit, runs=runs.where(corpus="web"))
    with pytest.raises(BayesScalingError, match="reference scales of their own"):
        plots.shrinkage(pooled, "E", unpooled={"web": apart})
    same = replace(token_fit, runs=apart.runs.with_reference(**pooled.runs.reference))
    assert len(plots.shrinkage(pooled, "E", unpooled={"web": same}).texts) == 1
