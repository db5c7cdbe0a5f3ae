"""Contents of a citation, and their order."""

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import arviz as az
import pandas as pd
import pytest

import bayes_scaling as bs
from bayes_scaling.errors import BayesScalingError
from bayes_scaling.reporting.sections.subject import Subject
from bayes_scaling.trust import CheckResult, TrustReport


def report(verdict: str, *doubts: str) -> TrustReport:
    empty = pd.DataFrame()
    checks = [CheckResult("sampler", "trust", "It is fine.", empty, 0.1)]
    checks += [CheckResult(name, verdict, "It is not.", empty, 0.1) for name in doubts]
    return TrustReport(verdict, checks, empty, empty, 3.0, "quick", "flops", 1e21)


@pytest.fixture(scope="module")
def forecast(converged_fit: bs.ScalingFit) -> bs.Forecast:
    return bs.forecast(converged_fit, 7e10, 1.4e12)


@pytest.fixture(scope="module")
def near(stored_fit: bs.ScalingFit) -> TrustReport:
    """An assessment of a run of each corpus, inside the runs."""
    return bs.assess(stored_fit, bs.forecast(stored_fit, params=1e9, tokens=2e10), progress=False)


def test_the_sentence_has_all_that_a_reader_needs(forecast: bs.Forecast) -> None:
    sentence = bs.cite(forecast).sentence
    assert re.match(
        r"At 70B parameters, 1.4T tokens and 5.88e23 FLOP, the expected loss is "
        r"\d\.\d+ \[\d\.\d+, \d\.\d+\] and that of a new run "
        r"\d\.\d+ \[\d\.\d+, \d\.\d+\]"
        r", \d+ % of whose width is how laws miss beyond their runs "
        r"\(median and 90 % equal-tailed credible interval\), ",
        sentence,
    )
    assert "the law Chinchilla (Hoffmann et al., 2022)" in sentence
    assert "with Student-t scatter on log loss" in sentence
    assert f"to {len(forecast.fit.runs)} training runs of 1e18 to 1e21 FLOP" in sentence
    assert f"in bayes_scaling {bs.__version__}" in sentence
    assert sentence.endswith("; the extrapolation was not assessed.")


def test_probability_and_kind_are_those_asked_for(forecast: bs.Forecast) -> None:
    assert "median and 50 % equal-tailed" in bs.cite(forecast, prob=0.5).sentence
    with az.rc_context({"stats.ci_kind": "hdi", "stats.ci_prob": 0.8}):
        assert "median and 80 % highest-density" in bs.cite(forecast).sentence
    with pytest.raises(ValueError, match=r"prob=1\.5 is not the probability"):
        bs.cite(forecast, prob=1.5)


def test_a_fit_that_has_not_converged_says_so_first(stored_fit: bs.ScalingFit) -> None:
    results = (stored_fit, bs.forecast(stored_fit, 7e9, 1e11), bs.allocate(stored_fit, 1e22))
    for result in results:
        citation = bs.cite(result)
        assert citation.sentence.startswith(f"Not converged ({stored_fit.diagnostics.problems[0]}")
        assert citation.verdict == "not converged"
        assert "The chains had not converged" in citation.methods


def test_an_untrusted_extrapolation_says_so_first(forecast: bs.Forecast) -> None:
    citation = bs.cite(forecast, trust=report("do not trust", "design", "backtest"))
    assert citation.sentence.startswith(
        "Do not trust this extrapolation (design, backtest): at 70B"
    )
    assert citation.verdict == "do not trust"
    assert 'the verdict "do not trust" (design, backtest)' in citation.methods


def test_both_warnings_are_said(stored_fit: bs.ScalingFit) -> None:
    citation = bs.cite(bs.allocate(stored_fit, 1e22), trust=report("do not trust", "design"))
    assert re.match(r"Not converged \(.*\), do not trust this extrapolation", citation.sentence)
    assert citation.verdict == "not converged"


def test_a_verdict_on_other_targets_is_refused(
    stored_fit: bs.ScalingFit, near: TrustReport
) -> None:
    far = bs.forecast(stored_fit, params=1e12, tokens=2e13)
    for ask in (bs.cite, lambda one, trust: Subject(stored_fit, forecast=one, trust=trust)):
        with pytest.raises(
            BayesScalingError, match=r"the forecast is of .*params 1e\+12.* none of"
        ):
            ask(far, trust=near)
    one = pd.DataFrame({"params": [1e9], "tokens": [2e10], "corpus": ["web"]})
    alone = bs.assess(stored_fit, one, progress=False)
    with pytest.raises(BayesScalingError, match="corpus 'books', which is none of the 1 target"):
        bs.cite(bs.forecast(stored_fit, params=1e9, tokens=2e10), trust=alone)
    with pytest.raises(BayesScalingError, match=r"allocation is of 1e\+24 FLOP and trust is about"):
        bs.cite(bs.allocate(stored_fit, 1e24), trust=near)


def test_a_verdict_on_another_fit_is_refused(
    stored_fit: bs.ScalingFit, near: TrustReport, prior_fit: Callable[..., bs.ScalingFit]
) -> None:
    other = prior_fit(bs.ScalingModel("KaplanJoint"), stored_fit.runs)
    for result in (other, bs.forecast(other, params=1e9, tokens=2e10)):
        with pytest.raises(BayesScalingError, match="the verdict on another fit"):
            bs.cite(result, trust=near)
    with pytest.raises(BayesScalingError, match="made from another fit"):
        bs.assess(stored_fit, bs.forecast(other, params=1e9, tokens=2e10), progress=False)


def test_a_verdict_is_cited_with_all_that_it_is_about(
    stored_fit: bs.ScalingFit, stored_fit_path: Path, near: TrustReport
) -> None:
    again = bs.load_fit(stored_fit_path)
    subset = pd.DataFrame({"params": [1e9], "tokens": [2e10], "corpus": ["books"]})
    for result in (
        stored_fit,
        again,
        bs.forecast(again, params=1e9, tokens=2e10),
        bs.forecast(stored_fit, at=subset),
        bs.allocate(stored_fit, 1.2e20),
        bs.needed(stored_fit, 2.2),
    ):
        assert near.verdict in bs.cite(result, trust=near).sentence


@pytest.mark.parametrize(
    ("verdict", "doubts", "end"),
    [
        ("trust", (), '; the verdict on the extrapolation is "trust".'),
        ("caution", ("prior",), '; the verdict on the extrapolation is "caution" (prior).'),
    ],
)
def test_other_verdicts_close_the_sentence(
    verdict: str, doubts: tuple[str, ...], end: str, forecast: bs.Forecast
) -> None:
    citation = bs.cite(forecast, trust=report(verdict, *doubts))
    assert citation.sentence.startswith("At 70B parameters")
    assert citation.sentence.endswith(end)
    assert citation.verdict == verdict


def test_the_first_three_rows_are_named_and_the_others_counted(
    converged_fit: bs.ScalingFit,
) -> None:
    sizes = [1e9, 2e9, 3e9, 4e9, 5e9]
    citation = bs.cite(bs.forecast(converged_fit, sizes, 1e11))
    assert citation.sentence.count("the expected loss is") == 3
    assert "3B parameters" in citation.sentence
    assert "4B parameters" not in citation.sentence
    assert "; and 2 further rows in the table" in citation.sentence
    assert list(citation.table["params"]) == ["1B", "2B", "3B", "4B", "5B"]


def test_an_allocation_says_how_to_split(converged_fit: bs.ScalingFit) -> None:
    sentence = bs.cite(bs.allocate(converged_fit, 5.76e23)).sentence
    number = r"\d[\d.]*[BT]? \[\d[\d.]*[BT]?, \d[\d.]*[BT]?\]"
    assert re.match(
        rf"At 5.76e23 FLOP, the best run has {number} parameters, "
        rf"{number} tokens, "
        rf"{number} tokens per parameter and expected loss {number} \(",
        sentence,
    )


def test_a_fit_says_its_parameters(converged_fit: bs.ScalingFit) -> None:
    sentence = bs.cite(converged_fit).sentence
    for name in ("E", "A", "B", "alpha", "beta"):
        assert re.search(rf"\b{name} = \d\S* \[\d\S*, \d\S*\]", sentence)
    assert "further" not in sentence


@pytest.mark.parametrize(
    ("ask", "words"),
    [
        (lambda fit: bs.needed(fit, 2.2), r"At loss 2.2 and corpus 'books', \S+ \[.*\] FLOP, "),
        (lambda fit: bs.near_optimal(fit, 1e22), r"smallest params \S+B \["),
        (
            lambda fit: bs.compare_levels(fit, "web", "books", 1e22),
            r"'web' against 'books' has loss difference 0\.\d+ \[",
        ),
    ],
)
def test_other_results_are_cited(
    ask: Callable[[bs.ScalingFit], object], words: str, stored_fit: bs.ScalingFit
) -> None:
    assert re.search(words, bs.cite(ask(stored_fit)).sentence, flags=re.IGNORECASE)


def test_bibtex_has_law_data_and_software(forecast: bs.Forecast) -> None:
    found = bs.cite(forecast, data="chinchilla").bibtex
    keys = re.findall(r"^@\w+\{(\w+),$", found, flags=re.MULTILINE)
    assert keys == [
        "hoffmann2022training",
        "besiroglu2024chinchilla",
        "bayes_scaling",
        "pymc2023",
        "nutpie",
        "arviz2026",
    ]


def test_data_of_ones_own_are_cited(forecast: bs.Forecast) -> None:
    given = "@misc{mine,\n  title = {Mine},\n}"
    assert given in bs.cite(forecast, data=given).bibtex
    described = bs.cite(forecast, data="our 50% sweep of {C4}\\input{x}").bibtex
    assert r"title = {{our 50\% sweep of \{C4\}\textbackslash{}input\{x\}}}" in described
    with pytest.raises(BayesScalingError, match=r"no published table 'chinchila'.*'chinchilla'"):
        bs.cite(forecast, data="chinchila")


def test_what_is_no_result_or_report_is_refused(forecast: bs.Forecast) -> None:
    with pytest.raises(BayesScalingError, match="A str cannot be cited"):
        bs.cite("forecast")
    with pytest.raises(BayesScalingError, match="trust='trust' is not a TrustReport"):
        bs.cite(forecast, trust="trust")


def test_methods_say_law_priors_sampler_and_software(forecast: bs.Forecast) -> None:
    methods = bs.cite(forecast).methods
    assert r"$L = E + \frac{A}{N^{\alpha}} + \frac{B}{D^{\beta}}$" in methods
    assert "alpha ~ Prior.between(0.34, 0.36)" in methods
    assert "2 chains of 1000 draws" in methods
    assert "The chains had converged" in methods
    assert re.search(r"PyMC \d+\.\d+", methods)


def test_methods_say_what_was_fitted_with_the_law(
    stored_fit: bs.ScalingFit, prior_fit: Callable[..., bs.ScalingFit]
) -> None:
    said = (
        "a Gaussian process for what it leaves out, over compute and tokens per parameter, "
        "from which groups deviate by a size that was learned; beyond"
    )
    assert said in bs.cite(stored_fit).methods
    one = bs.ScalingModel(bs.laws.PowerLaw("tokens"))
    assert "leaves out, over tokens; beyond" in bs.cite(prior_fit(one, stored_fit.runs)).methods
    alone = bs.ScalingModel("Chinchilla", surface=None)
    assert "Gaussian process" not in bs.cite(prior_fit(alone, stored_fit.runs)).methods


def test_the_acceptance_rate_is_that_of_the_round_that_was_kept(stored_fit: bs.ScalingFit) -> None:
    longer = replace(stored_fit.settings, target_accept=0.8, thin=4)
    said = bs.cite(replace(stored_fit, settings=longer)).methods
    assert "target acceptance 0.95, seed" in " ".join(said.split())


def test_pooling_is_in_the_methods(stored_fit: bs.ScalingFit) -> None:
    assert "Partially pooled between groups: E by corpus" in bs.cite(stored_fit).methods


def test_markdown_and_latex_keep_formulas_and_escape_the_rest(forecast: bs.Forecast) -> None:
    citation = bs.cite(forecast)
    for text in (citation.to_markdown(), citation.to_latex()):
        assert r"inference, $L = E + \frac{A}{N^{\alpha}} + \frac{B}{D^{\beta}}$, as" in text
        assert r"bayes\_scaling" in text
    assert r"90 \%" in citation.to_latex()


def test_printing_is_the_sentence_and_the_bibtex(forecast: bs.Forecast) -> None:
    citation = bs.cite(forecast)
    assert str(citation) == f"{citation.sentence}\n\n{citation.bibtex}"


def test_labels_of_the_user_are_escaped_in_every_form(stored_fit: bs.ScalingFit) -> None:
    nasty = "<script>a|b & 50%\nnext_🚀</script>"
    at = pd.DataFrame({"params": [7e9], "tokens": [1.4e11], "corpus": [nasty]})
    citation = bs.cite(bs.forecast(stored_fit, at=at, new_levels="typical"))
    assert "corpus '<script>a|b & 50% next_🚀</script>'" in citation.sentence
    assert "<script>" not in citation._repr_html_()
    assert "<script>" not in citation._repr_markdown_()
    assert r"a\|b &amp; 50%" in citation.to_markdown()
    assert r"a\textbar{}b \& 50\% next\_U+1F680" in citation.to_latex()


def test_scatter_is_said_of_the_response(prior_fit: Callable[..., bs.ScalingFit]) -> None:
    table = pd.DataFrame({"params": [1e8, 3e8, 1e9], "tokens": [2e9, 6e9, 2e10]})
    table["rate"] = [4e-3, 2.5e-3, 1.5e-3]
    runs = bs.Runs.from_frame(table, loss="rate", response="metric")
    fit = prior_fit(bs.ScalingModel("OptimalHyperparameter"), runs)
    said = bs.cite(fit)
    assert "with Student-t scatter on log metric" in said.sentence
    assert "log loss" not in said.sentence + said.methods


def test_options_of_the_law_and_its_own_input_are_said(
    prior_fit: Callable[..., bs.ScalingFit],
) -> None:
    table = pd.DataFrame({"steps": [1e3, 2e3, 4e3, 8e3, 16e3], "loss": [3.0, 2.8, 2.6, 2.5, 2.4]})
    runs = bs.Runs.from_frame(table, inputs=["steps"])
    sentence = bs.cite(prior_fit(bs.ScalingModel(bs.laws.PowerLaw("steps")), runs)).sentence
    assert "the law PowerLaw(input='steps'" in sentence
    assert "to 5 training runs with steps of 1K to 16K" in sentence


def test_a_law_of_ones_own_needs_neither_paper_nor_equation(
    plain_law: type[bs.Law], prior_fit: Callable[..., bs.ScalingFit], sweep: bs.Runs
) -> None:
    citation = bs.cite(prior_fit(bs.ScalingModel(plain_law), sweep))
    assert "the law Plain with Student-t scatter" in citation.sentence
    assert citation.formulas == ()
    assert citation.bibtex.startswith("@software{bayes_scaling,")
