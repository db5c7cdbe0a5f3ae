"""Every public value shows itself in Jupyter, with the user's text as text."""

import inspect
from collections.abc import Callable, Iterator
from html import escape
from types import ModuleType

import pandas as pd
import pytest

import bayes_scaling as bs
from bayes_scaling import comparison, forecasting
from bayes_scaling.display.html import html_formula, html_table
from bayes_scaling.laws import Law
from bayes_scaling.trust import CheckResult

NASTY = "<script>alert(1)</script>"
CORPUS = "corpus<script>"
TRUTH = {"E": 1.82, "A": 482.0, "B": 2085.0, "alpha": 0.348, "beta": 0.366}


def public_classes() -> Iterator[type]:
    """Classes that users hold values of: exceptions are raised, and not shown."""
    for value in (*(getattr(bs, name) for name in bs.__all__), comparison, forecasting):
        inside = vars(value).values() if isinstance(value, ModuleType) else [value]
        for found in inside:
            ours = inspect.isclass(found) and found.__module__.startswith("bayes_scaling")
            if ours and found.__name__[0] != "_" and not issubclass(found, Exception):
                yield found


CLASSES = sorted(set(public_classes()), key=lambda found: found.__name__)
# Values that come with others, inside which they are not shown.
INNER = {"LocationScale", "Scale", "Shape", "Source"}


def laws() -> list[Law]:
    return [found() for found in CLASSES if issubclass(found, Law) and found is not Law]


def test_the_classes_are_found() -> None:
    assert {bs.Runs, bs.Prior, bs.laws.Chinchilla, bs.noise.LogStudentT} <= set(CLASSES)


@pytest.mark.parametrize("found", CLASSES, ids=lambda found: found.__name__)
def test_every_public_class_has_a_rich_repr(found: type) -> None:
    assert found.__name__ in INNER or callable(getattr(found, "_repr_html_", None))


@pytest.fixture(scope="module")
def nasty_runs() -> bs.Runs:
    design = bs.datasets.isoflop_design([1e18, 1e19, 1e20], sizes_per_budget=5)
    table = bs.datasets.simulate("chinchilla", design, TRUTH, seed=1).table
    table[CORPUS] = [NASTY, "plain"] * 7 + [NASTY]
    table.index = [f"{NASTY} {place}" for place in range(len(table))]
    return bs.Runs.from_frame(table, factors=[CORPUS])


@pytest.fixture(scope="module")
def nasty_fit(prior_fit: Callable[..., bs.ScalingFit], nasty_runs: bs.Runs) -> bs.ScalingFit:
    return prior_fit(bs.ScalingModel("chinchilla", vary=bs.Vary("E", by=CORPUS)), nasty_runs)


@pytest.mark.parametrize(
    "make",
    [
        lambda fit: fit,
        lambda fit: fit.runs,
        lambda fit: fit.model,
        lambda fit: fit.model.vary[0],
        lambda fit: bs.forecast(fit, 7e9, 1.4e11),
        lambda fit: bs.allocate(fit, 1e21),
        lambda fit: bs.near_optimal(fit, 1e21),
        lambda fit: bs.regret(fit, pd.DataFrame({"params": [7e9], "tokens": [1e11]}, [NASTY])),
        lambda fit: bs.needed(fit, 2.5),
        lambda fit: bs.compare_levels(fit, NASTY, "plain", 1e21),
        lambda fit: bs.cite(bs.forecast(fit, 7e9, 1.4e11), data=f"runs of {NASTY}"),
        lambda fit: bs.Goal.loss(params=7e9, tokens=1e11, at={CORPUS: NASTY}),
        lambda fit: CheckResult(NASTY, "trust", NASTY, pd.DataFrame({NASTY: [NASTY]}), 0.0),
    ],
)
def test_text_of_the_user_is_no_markup(
    make: Callable[[bs.ScalingFit], object], nasty_fit: bs.ScalingFit
) -> None:
    shown = make(nasty_fit)._repr_html_()
    assert "&lt;script&gt;" in shown
    assert "<script" not in shown


@pytest.mark.parametrize("law", laws(), ids=lambda law: law.name)
def test_laws_show_their_formula_and_priors(law: Law) -> None:
    shown = law._repr_html_()
    assert f"$${escape(law.formula)}$$" in shown
    assert law.equation
    assert law.formula.endswith(law.equation)
    assert law._repr_latex_() == f"${law.formula}$"
    assert shown.count("<tr>") == 1 + len(law.priors)


@pytest.mark.parametrize("law", laws(), ids=lambda law: law.name)
def test_formulas_typeset(law: Law) -> None:
    from matplotlib.mathtext import MathTextParser

    # Matplotlib knows the commands of formulas that MathJax knows, but not this one.
    MathTextParser("path").parse(f"${law.formula.replace(r'\min', 'min')}$")


def test_the_left_side_names_the_response() -> None:
    assert bs.laws.Chinchilla().formula.startswith("L = ")
    assert bs.laws.TaskAccuracy().formula.startswith(r"\mathrm{accuracy} = ")


def test_a_law_without_an_equation_shows_no_formula(plain_law: type[Law]) -> None:
    assert plain_law().formula == ""
    assert "$$" not in plain_law()._repr_html_()
    assert plain_law()._repr_latex_() == "Plain"
    assert "$$" not in bs.ScalingModel(plain_law)._repr_html_()


def test_a_model_shows_formula_priors_pooling_and_noise() -> None:
    model = bs.ScalingModel("chinchilla", vary=bs.Vary("E", by="corpus"))
    shown = model._repr_html_()
    assert rf"$${model.law.formula}$$" in shown
    assert "<td style='text-align:left'>corpus</td>" in shown
    assert "noise_sd" in shown
    assert "Prior.between(0.2, 0.5)" in shown


def test_a_prior_says_its_range() -> None:
    shown = bs.Prior.beta(2.5, 1.5)._repr_html_()
    low, high = bs.Prior.beta(2.5, 1.5).range()
    assert f"Beta, 90 % within {low:.4g} to {high:.4g}, reference scale" in shown


def test_tables_and_formulas_are_escaped() -> None:
    assert "<b>" not in html_table(["<b>"], [["<b>"]])
    assert html_formula("a < b & c") == "<p>$$a &lt; b &amp; c$$</p>"
    assert html_formula("") == ""
