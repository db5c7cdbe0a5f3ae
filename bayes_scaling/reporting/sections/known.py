"""Answers to the checklists that follow from the fit and its results."""

from __future__ import annotations

from bayes_scaling.fitting.scaling_fit import ScalingFit
from bayes_scaling.model.axes import run_axes
from bayes_scaling.reporting.citing.methods import settings_words
from bayes_scaling.reporting.sections.checklist import BARG, MISFITTING, STANDING
from bayes_scaling.reporting.sections.contents import NOT_GIVEN, Paragraph, Section, Table, cell
from bayes_scaling.reporting.sections.describing import likelihood, pooling
from bayes_scaling.reporting.sections.subject import Subject

LISTS = {
    "Bayesian analysis reporting guidelines (Kruschke, 2021).": BARG,
    "Checklist of (Mis)Fitting (Li, Kudugunta and Zettlemoyer, 2025).": MISFITTING,
}
UNITS = {
    "loss": "nats per token unless said otherwise",
    "accuracy": "accuracy as a fraction",
    "metric": "the metric in its own unit",
}


def checklists(subject: Subject) -> Section:
    """Both checklists, every field filled or "not given"; the user's facts come first."""
    known = {**STANDING, **_of_analysis(subject), **_of_runs(subject), **_of_checks(subject)}
    known |= subject.facts
    tables = (
        Table(
            title,
            ("part", "field", "answer"),
            tuple((item.part, item.asks, known.get(item.name) or NOT_GIVEN) for item in items),
        )
        for title, items in LISTS.items()
    )
    note = Paragraph("Fields marked 'not given' are known to those who trained the runs only.")
    return Section("checklists", "Checklists", (*tables, note))


def _of_analysis(subject: Subject) -> dict[str, str]:
    runs, found, words = subject.fit.runs, subject.fit.diagnostics, subject.in_words
    return {
        "question": _goal(subject),
        "data_variables": f"predicted: {runs.response}; predicting: {words(_inputs)}",
        "likelihood": words(lambda fit: f"{likelihood(fit)} {pooling(fit)}"),
        "convergence": f"largest R-hat {found.r_hat:.4f}; for each parameter, see Sampler",
        "resolution": f"smallest ESS {found.ess_bulk:.0f} (bulk), {found.ess_tail:.0f} (tail)",
        "script": f"see To reproduce; seed {words(lambda fit: str(fit.settings.seed))}",
        "form": words(lambda fit: f"{fit.model.law.name}; see Model"),
        "variables_and_units": words(_inputs) + f"; counts, FLOP, {UNITS[runs.response]}",
        "parameters": words(lambda fit: ", ".join(fit.model.law.priors)),
        "objective": f"posterior density under {words(_scatter)} and the priors",
        "initialisation": words(
            lambda fit: f"{fit.settings.chains} chains, each from its own random start"
        ),
        "fitting_settings": words(settings_words),
    }


def _inputs(fit: ScalingFit) -> str:
    return ", ".join(fit.model.law.inputs)


def _scatter(fit: ScalingFit) -> str:
    return repr(fit.model.noise)


def _goal(subject: Subject) -> str:
    goals = [
        *(["forecast"] if subject.forecast is not None else []),
        *(["allocation of compute"] if subject.allocation is not None else []),
    ]
    return " and ".join(goals or ["estimation of the law's parameters"])


def _of_runs(subject: Subject) -> dict[str, str]:
    runs = subject.fit.runs
    logs = run_axes(subject.main.model.law, runs)
    ranges = [
        f"{name.replace('_', ' ')} {cell(name, 10 ** logs[name].min())} to "
        f"{cell(name, 10 ** logs[name].max())}"
        for name in map(str, logs)
    ]
    known = {"number_of_models": f"{len(runs)} runs", "coverage": "; ".join(ranges)}
    if "params" in runs.inputs:
        sizes = runs.values("params")
        known["sizes"] = (
            f"{cell('params', sizes.min())} to {cell('params', sizes.max())} parameters, "
            f"{len(set(sizes.tolist()))} different"
        )
    if "flops" in runs.inputs:
        known["flop_formula"] = runs.sources.get("flops", "a column of the table")
    out = f"{runs.dropped} rows left out for missing values" if runs.dropped else "no run left out"
    known["outliers"] = f"{out}; no weights; scatter is {subject.in_words(_scatter)}"
    return known


def _of_checks(subject: Subject) -> dict[str, str]:
    known = {}
    if (learning := subject.check("learning")) is not None:
        told = learning.headline
        known["sensitivity_broad"] = told
        known |= dict.fromkeys(("sensitivity_informed", "sensitivity_default"), "the same")
    if (tested := subject.check("backtest")) is not None:
        known["validation"] = tested.headline
    if subject.comparison is not None or subject.mixed:
        known["model_probabilities"] = "see Other models"
    if subject.allocation is not None:
        known["decision"] = "the split of a budget between parameters and tokens"
        known["loss_function"] = "expected loss of the run that the budget buys"
    if subject.near is not None:
        known["region_of_equivalence"] = f"{subject.near.title.lower()}; see All numbers"
    return known
