"""Two published checklists of what others must be told, every field filled or "not given".

The Bayesian analysis reporting guidelines (Kruschke, 2021, doi:10.1038/s41562-021-01177-7) and the
checklist of (Mis)Fitting (Li, Kudugunta and Zettlemoyer, 2025, arXiv:2502.18969), in our words.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bayes_scaling.display.wording import listed
from bayes_scaling.errors import BayesScalingError
from bayes_scaling.reporting.sections.contents import NOT_GIVEN


@dataclass(frozen=True)
class Item:
    """One field of a checklist: its name, the part of the list it is in, what it asks."""

    name: str
    part: str
    asks: str


BARG = (
    Item("why_bayesian", "Preamble", "A. Why the analysis is Bayesian"),
    Item("question", "Preamble", "B. Goal of the analysis"),
    Item("data_variables", "1 Model", "A. Predicted and predicting variables"),
    Item("likelihood", "1 Model", "B. Likelihood, its parameters, and what is pooled"),
    Item("priors", "1 Model", "C. Prior of every parameter, and why"),
    Item("formal_specification", "1 Model", "D. Formal specification"),
    Item("prior_predictive", "1 Model", "E. Prior predictive check"),
    Item("software", "2 Computation", "A. Software"),
    Item("convergence", "2 Computation", "B. Convergence of the chains"),
    Item("resolution", "2 Computation", "C. Effective sample size"),
    Item("approximations", "2 Computation", "D. If not MCMC: approximations"),
    Item("posterior_predictive", "3 Posterior", "A. Posterior predictive check"),
    Item("posterior_summary", "3 Posterior", "B. Centre and credible interval of each quantity"),
    Item("model_probabilities", "3 Posterior", "C. Bayes factors or other weights of models"),
    Item("decision", "4 Decisions", "A. Why a decision is made, and which"),
    Item("loss_function", "4 Decisions", "B. Loss function of the decision"),
    Item("region_of_equivalence", "4 Decisions", "C. Region of practical equivalence"),
    Item("bayes_factor_threshold", "4 Decisions", "D. Threshold of a Bayes factor"),
    Item("estimates_beside_decisions", "4 Decisions", "E. Estimates beside the decision"),
    Item("sensitivity_broad", "5 Sensitivity", "A. To priors that are broad"),
    Item("sensitivity_informed", "5 Sensitivity", "B. To priors that carry information"),
    Item("sensitivity_default", "5 Sensitivity", "C. To default priors"),
    Item("sensitivity_of_weights", "5 Sensitivity", "D. Of weights of models"),
    Item("sensitivity_of_decision", "5 Sensitivity", "E. Of the decision"),
    Item("installation", "6 Reproducible", "A. Software and its installation"),
    Item("script", "6 Reproducible", "B. Script, with the seed"),
    Item("readability", "6 Reproducible", "C. Script that can be read"),
    Item("auxiliary_files", "6 Reproducible", "D. Files besides: the data"),
    Item("runs_from_start_to_end", "6 Reproducible", "E. Script runs from start to end"),
    Item("same_results", "6 Reproducible", "F. Script gives the results reported"),
    Item("saved_posterior", "6 Reproducible", "G. Posterior draws, saved"),
)

MISFITTING = (
    Item("form", "1 Hypothesis", "Form of the law"),
    Item("variables_and_units", "1 Hypothesis", "Variables and their units"),
    Item("parameters", "1 Hypothesis", "Parameters to be estimated"),
    Item("principle", "1 Hypothesis", "Principle behind the form"),
    Item("number_of_models", "2 Training", "Number of models trained"),
    Item("sizes", "2 Training", "Range of model sizes"),
    Item("architecture", "2 Training", "Architecture and shapes"),
    Item("training_data", "2 Training", "Training data, source and size"),
    Item("tokeniser", "2 Training", "Tokeniser"),
    Item("flop_formula", "2 Training", "How FLOP are counted"),
    Item("parameter_counting", "2 Training", "How parameters are counted (embeddings?)"),
    Item("optimiser", "2 Training", "Optimiser"),
    Item("learning_rate", "2 Training", "Learning rate and its schedule, by scale"),
    Item("batch_size", "2 Training", "Batch size, by scale"),
    Item("hyperparameters", "2 Training", "Other hyper-parameters, by scale"),
    Item("training_code", "2 Training", "Training code and checkpoints, open or not"),
    Item("checkpoints", "3 Data collection", "Which checkpoints: final or on the way"),
    Item("evaluation_data", "3 Data collection", "Evaluation data"),
    Item("metric", "3 Data collection", "Metric and its unit"),
    Item("seeds", "3 Data collection", "Seeds, replicates and noise"),
    Item("interpolation", "3 Data collection", "Interpolation or smoothing of losses"),
    Item("objective", "4 Fitting", "Objective: which loss, on which scale"),
    Item("outliers", "4 Fitting", "Weights, outliers, runs left out"),
    Item("algorithm", "4 Fitting", "Algorithm"),
    Item("initialisation", "4 Fitting", "Initial values and number of starts"),
    Item("fitting_settings", "4 Fitting", "Settings of the algorithm"),
    Item("coverage", "4 Fitting", "Range of N, D and D/N in the fit"),
    Item("validation", "4 Fitting", "Validation on larger, held-out runs"),
    Item("uncertainty", "4 Fitting", "Uncertainty of parameters and forecasts"),
)


def fields() -> tuple[str, ...]:
    """Names of all fields, as `facts` of a report are given."""
    return tuple(item.name for item in (*BARG, *MISFITTING))


def check_facts(facts: Mapping[str, str]) -> None:
    """Refuse facts that no checklist has a field for, or that are no text.

    Raises
    ------
    BayesScalingError
        With the names that there are.
    """
    unknown = [name for name in facts if name not in fields()]
    if unknown:
        raise BayesScalingError(
            f"report: facts names {listed(unknown)}, which is no field of the checklists, so it "
            f"would not be printed. Fields: {', '.join(fields())}."
        )
    wrong = [name for name, text in facts.items() if not (isinstance(text, str) and text.strip())]
    if wrong:
        raise BayesScalingError(
            f"report: the fact {wrong[0]!r} is {facts[wrong[0]]!r}, and a report prints sentences. "
            "Give text, or leave the field out: it is then printed as 'not given'."
        )


def filled(items: tuple[Item, ...], known: Mapping[str, str]) -> list[tuple[str, str, str]]:
    """Each field of a checklist: its part, what it asks, what is known of it.

    >>> filled(MISFITTING[:1], {})
    [('1 Hypothesis', 'Form of the law', 'not given')]
    """
    return [(item.part, item.asks, known.get(item.name) or NOT_GIVEN) for item in items]
