"""Checks of a model's specification, and of a model together with its runs.

Mistakes are errors in three parts; what only weakens the answer is a note.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping

from bayes_scaling.display.wording import listed, meant, rows
from bayes_scaling.errors import ModelError, RunsError
from bayes_scaling.laws import Law
from bayes_scaling.laws.contract import quantities
from bayes_scaling.laws.law import laws_of
from bayes_scaling.laws.one_input_law import OneInputLaw
from bayes_scaling.model.directions import DIRECTION, LEVEL_DIRECTION, SHOWN
from bayes_scaling.model.hierarchy import Vary
from bayes_scaling.model.inputs import available_inputs, flops_per_pair
from bayes_scaling.model.nodes import LEVEL_NODE, NODE
from bayes_scaling.model.specification import Specification
from bayes_scaling.model.surface import MISS, NAMES_BEYOND, SIZE, WEIGHTS
from bayes_scaling.noise import Noise
from bayes_scaling.priors import Prior
from bayes_scaling.runs import Runs
from bayes_scaling.runs.conventions import names_tokenizer, of_bytes
from bayes_scaling.runs.usual_names import near_matches
from bayes_scaling.units import FLOPS_PER_PARAM_TOKEN

COUNTED_ALIKE = 0.05
"""Share by which a count of FLOP may differ from 6ND without a word."""


def check_model(
    law: Law, vary: tuple[Vary, ...], priors: Mapping[str, Prior], noise: Noise
) -> None:
    """Refuse a specification whose parts do not fit together."""
    for name, prior in priors.items():
        _check_parameter(law, name, "priors")
        _check_prior(law, name, prior)
    for term in vary:
        _check_varying(law, term, {**law.priors, **priors})
    repeated = [key for key, n in Counter((v.parameter, v.by) for v in vary).items() if n > 1]
    if repeated:
        raise ModelError(
            f"ScalingModel: vary names {repeated[0][0]} by {repeated[0][1]} twice, and two spreads "
            "for the same offsets cannot be told apart. Keep one."
        )
    if not isinstance(noise, Noise):
        raise ModelError(
            f"ScalingModel: noise={noise!r} says no distribution of the runs about the law. "
            "Write noise=bs.noise.LogStudentT()."
        )


def _check_varying(law: Law, term: Vary, priors: Mapping[str, Prior]) -> None:
    if not isinstance(term, Vary):
        raise ModelError(
            f"ScalingModel: vary holds {term!r}, which does not say what varies by what. "
            "Write vary=[bs.Vary('E', by='corpus')]."
        )
    _check_parameter(law, term.parameter, "vary")
    if priors[term.parameter].fixed:
        raise ModelError(
            f"ScalingModel: {term.parameter} is fixed by its prior and cannot vary by "
            f"{term.by}. Give it a distribution, or drop the Vary."
        )


def check_stage_noise(noise: Noise) -> None:
    """Refuse noise that cannot be that of a loss observed on the way to the response."""
    if not isinstance(noise, Noise) or "loss" not in noise.responses or noise.columns:
        reads = f", and reads {', '.join(noise.columns)}" if isinstance(noise, Noise) else ""
        raise ModelError(
            f"ScalingModel: stage_noise={noise!r} cannot be the scatter of a loss that stands "
            f"between the inputs and the response{reads}. Give noise of a loss without by= and "
            "seeds=, such as stage_noise=bs.noise.LogNormal()."
        )


def _check_parameter(law: Law, name: str, where: str) -> None:
    if name in law.priors:
        return
    bare = name.removesuffix("_ref").removesuffix("_typical")
    raise ModelError(
        f"ScalingModel: {where} names {name!r}, which is no parameter of {law.name}, so it would "
        f"change nothing.{meant(bare, law.priors)} Parameters: {', '.join(law.priors)}."
    )


def _check_prior(law: Law, name: str, prior: Prior) -> None:
    if not isinstance(prior, Prior):
        raise ModelError(
            f"ScalingModel: the prior of {name} is {prior!r}, which has no density. "
            f"Write priors={{{name!r}: bs.Prior.between(low, high)}}."
        )
    default = law.priors[name]
    if default.support != "real" and not prior.fixed and prior.support == "real":
        raise ModelError(
            f"ScalingModel: {prior!r} allows negative {name}, for which {law.name} is not defined. "
            "Use a distribution on positive numbers, such as Prior.between(low, high)."
        )
    if prior.units == "paper":
        _check_paper_units(law, name, prior)


def _check_paper_units(law: Law, name: str, prior: Prior) -> None:
    if name in law.scaled and prior.distribution not in ("LogNormal", "Fixed"):
        raise ModelError(
            f"ScalingModel: a {prior.distribution} prior of {name} in paper units has no exact "
            "form on the reference scale, where the model is sampled. Use Prior.between(low, "
            "high, units='paper'), or give the runs a reference of 1."
        )
    if name in law.scaled and not law.multiplied(name):
        raise ModelError(
            f"ScalingModel: a change of units shifts {name} of {law.name} instead of multiplying "
            "it, so a prior in paper units has no exact form on the reference scale. Give the "
            "prior on the reference scale, or the runs a reference of 1."
        )
    if not law.scaled:
        raise ModelError(
            f"ScalingModel: {law.name} does not say what {name} is in paper units. "
            "Give the law a paper_units method, or the prior on the reference scale."
        )


def check_runs(model: Specification, runs: Runs, data: Callable[[], Collection[str]]) -> None:
    """Refuse runs that this model cannot be fitted to.

    `data` returns the names of the numbers that the model would hold, once its columns are there.
    """
    if not isinstance(runs, Runs):
        raise ModelError(
            f"The runs are a {type(runs).__name__}, in which nothing says which column is what. "
            "Write bs.Runs.from_frame(table, params=..., tokens=..., loss=...)."
        )
    _check_columns(model, runs)
    if runs.response not in model.law.responses:
        raise RunsError(
            f"Runs: the response is {runs.response!r}, and {model.law.name} describes "
            f"{' or '.join(model.law.responses)}. Its values could not be compared. Choose a law "
            f"made for it ({', '.join(laws_of(runs.response))}), or say what the column holds with "
            "response=."
        )
    _check_noise(model, runs)
    _check_tokenizers(runs)
    if model.factors:
        _check_factor_names(model, data())
    if len(runs) < 2:
        raise RunsError(
            f"Runs: there is {len(runs)} run ({', '.join(runs.table.index)}). One run says nothing "
            "of how loss changes with scale, and the answer would be the prior. Add runs at "
            "other sizes or token counts."
        )


def _check_columns(model: Specification, runs: Runs) -> None:
    available = available_inputs(runs)
    read = (*model.law.inputs, *model.law.stages)
    missing = [name for name in read if name not in available]
    if missing:
        one = missing[0]
        own = one in ("params", "tokens", "flops")
        mapped = f"{one}='column'" if own else f"inputs={{{one!r}: 'column'}}"
        free = [str(name) for name in runs.table if name not in (*runs.inputs, "loss")]
        raise RunsError(
            f"Runs: no column for {', '.join(missing)}; these runs have {', '.join(available)}. "
            f"{model.law.name} needs {', '.join(read)}. {near_matches(one, free)}Say which column "
            f"holds it when the runs are read, as in {mapped}"
            f"{_other_law(model.law, available[0], own)}."
        )
    unknown = [factor for factor in model.factors if factor not in runs.factors]
    if unknown:
        have = ", ".join(runs.factors) or "none"
        raise RunsError(
            f"Runs: {unknown[0]!r} is not a factor of these runs (factors: {have}), and "
            f"Vary(by={unknown[0]!r}) needs its levels. Read the runs with "
            f"factors=({unknown[0]!r},)."
        )


def _other_law(law: Law, column: str, own: bool) -> str:
    """Advice to fit a law of a column that these runs have, where that may be what is meant."""
    if isinstance(law, OneInputLaw):
        return f", or tell the law its input: bs.laws.{law.name}({column!r})"
    alone = f", or fit a law of {column} alone, such as 'PowerLaw': bs.laws.PowerLaw({column!r})"
    return alone if own else ""


def _check_tokenizers(runs: Runs) -> None:
    """Refuse losses per token of several tokenizers, whose tokens hold different text."""
    if runs.response != "loss" or of_bytes(runs.sources.get("loss", "")):
        return
    for name in filter(names_tokenizer, map(str, runs.table.columns)):
        found = runs.table[name].dropna().map(str).unique()
        if len(found) > 1:
            raise RunsError(
                f"Runs: column {name!r} holds {listed(found)}, and the loss is per token. A token "
                "of one tokenizer is not as much text as that of another, so such losses do not "
                "compare. Turn them into bits per byte with bs.units.bits_per_byte(loss, "
                "bytes_per_token) and read that column, called bits_per_byte, as the loss; or fit "
                f"the runs of one tokenizer: runs.where(lambda table: table[{name!r}] == ...)."
            )


def _check_factor_names(model: Specification, data: Collection[str]) -> None:
    variables = {"response", *data, *model.top_level, *model.noise.priors}
    variables |= {*model.parameters, *map(model.reference_name, model.parameters)}
    variables |= _derived_names(model)
    if model.surface is not None:
        variables |= {
            NODE,
            LEVEL_NODE,
            DIRECTION,
            LEVEL_DIRECTION,
            SHOWN,
            SIZE,
            WEIGHTS,
            *NAMES_BEYOND,
        }
    taken = [name for name in model.factors if {name, f"{MISS}_{name}"} & variables]
    if taken:
        raise RunsError(
            f"Runs: the factor {taken[0]!r} is called like a variable of the model, and its levels "
            "become a dimension that must have another name. Rename the column, or name it when "
            f'the runs are read, as in factors={{"group": {taken[0]!r}}}.'
        )


def _derived_names(model: Specification) -> set[str]:
    values = {name: prior.range()[0] for name, prior in model.parameters.items()}
    return set(quantities(model.law.derived, values))


def _check_noise(model: Specification, runs: Runs) -> None:
    noise, name = model.noise, type(model.noise).__name__
    # A positive metric scatters as a loss does.
    of_loss = runs.response == "metric" and model.law.positive and "loss" in noise.responses
    if runs.response not in noise.responses and not of_loss:
        values = runs.values("loss")
        raise RunsError(
            f"Runs: the response is {runs.response!r} (from {values.min():.4g} to "
            f"{values.max():.4g}), and {name} describes {' or '.join(noise.responses)} only: its "
            "density is not defined for the others. Use a noise model made for it, such as "
            "noise=bs.noise.StudentT() for any number or bs.noise.LogitNormal() for accuracies."
        )
    missing = [column for column in noise.inputs if column not in available_inputs(runs)]
    if missing:
        raise RunsError(
            f"Runs: no column {missing[0]!r}; these runs have {', '.join(available_inputs(runs))}. "
            f"{name} reads it. Read the runs with inputs=({missing[0]!r},)."
        )
    refused = runs.table.index[noise.refused(runs.values("loss"))]
    if len(refused):
        raise RunsError(
            f"Runs: {name} has no density at the response of {rows(refused)} "
            f"({listed(runs.table.loc[refused, 'loss'])}), which it takes to lie inside an open "
            "range. Use bs.noise.Binomial() or bs.noise.StudentT(), or check these rows."
        )


def notes_on(model: Specification, runs: Runs) -> tuple[str, ...]:
    """Notes for a reader of any result of this model on these runs."""
    count = len(model.free)
    notes = list(runs.notes)
    if len(runs) < count:
        notes.append(
            f"{len(runs)} runs are fewer than the {count} parameters of {model.law.name}: "
            "the priors carry part of every answer."
        )
    first = next(iter(model.law.priors))
    for factor in runs.factors:
        if factor not in model.factors and len(levels := runs.levels(factor)) > 1:
            notes.append(
                f"No parameter varies by {factor}: its {len(levels)} levels are fitted as one. If "
                f"they differ, no interval holds them: use bs.Vary({first!r}, by={factor!r})."
            )
    counted = flops_per_pair(runs, ("flops",)) / FLOPS_PER_PARAM_TOKEN
    if abs(counted - 1) > COUNTED_ALIKE:
        notes.append(
            f"The flops of these runs are {counted:.3g} times 6 x params x tokens (geometric "
            "mean). Compute that a law reads, or that a question gives beside params or tokens, is "
            "taken to be counted so; budgets of plans are spent at 6ND."
        )
    return tuple(notes)
