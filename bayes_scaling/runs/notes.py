"""Notes on a table of runs, to be read before a fit to it is believed.

Owns the notes: problems that do not stop the work, each a sentence with its evidence. Computed from
the table alone, so they stay true of every subset.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd

from bayes_scaling.display.wording import counted, listed, rows
from bayes_scaling.runs.cells import Response
from bayes_scaling.runs.conventions import bits_per
from bayes_scaling.runs.curve_notes import curve_notes
from bayes_scaling.runs.mixed_runs import mixed_notes

# Beyond this, log N explains 96 % of the variance of log D.
_COLLINEAR = 0.98
# Quantities this close to each other count as one and the same: no exponent is learnt from them.
_SAME = 1.05
# Of each input what has how many of which unit. No language model is as small as 1e5, where the
# smallest published sweeps start, and none costs less than one of that size on as many tokens.
_SMALLEST = {
    "params": ("model", "parameters", 1e5, "B"),
    "tokens": ("run", "tokens", 1e5, "B"),
    "flops": ("run", "FLOP", 6e10, "EFLOP"),
}
# ln 250 000, in nats per token: the largest vocabularies have so many tokens.
_LARGEST_LOSS = 12.4
# Nats per token between which the losses of trained language models lie: the largest published
# ones reach 1.7 on text, and a guess by the frequency of tokens costs about 7.
_LEAST_TYPICAL, _MOST_TYPICAL = 1.5, 7.0
# No trained model has so few parameters, and no run so few tokens.
_NO_COUNT = 100
# Of so few runs one may be the sum of the others by chance, as 3 is of 1 and 2.
_FEW = 4
_SUMMARIES = frozenset(
    {"total", "sum", "mean", "average", "avg", "median", "std", "min", "max", "overall"}
)
# Rank correlation of loss and scale above which losses do not fall, and runs that tell it.
_RISING, _ENOUGH_RUNS = 0.5, 8


def table_notes(
    table: pd.DataFrame,
    inputs: Sequence[str],
    factors: Sequence[str],
    dropped: Sequence[str],
    response: Response,
    source: str,
) -> tuple[str, ...]:
    """Return the notes on a valid table, as full sentences.

    Parameters
    ----------
    table
        The runs, with standard column names.
    inputs, factors
        The numeric and the grouping columns.
    dropped
        The names of rows that were left out for missing values.
    response
        What the losses are.
    source
        Where they come from, and in what unit they are if that is known.
    """
    return (
        *_left_out(dropped),
        *_units(table, inputs),
        *_summaries(table, [name for name in ("params", "tokens") if name in inputs] or inputs),
        *(_unit_of_loss(table["loss"], source) if response == "loss" else ()),
        *(_rising(table, inputs) if response == "loss" else ()),
        *curve_notes(table, inputs, factors),
        *_repeated(table, [*inputs, *factors, "loss"]),
        *mixed_notes(table, inputs, factors, response),
        *_constant(table, inputs),
        *_collinear(table, inputs),
        *(note for factor in factors for note in _grouping(table[factor])),
    )


def _left_out(dropped: Sequence[str]) -> Iterator[str]:
    if dropped:
        verb = "was" if len(dropped) == 1 else "were"
        yield (
            f"{counted(len(dropped), 'row')} with missing values {verb} left out ({rows(dropped)})."
        )


def _units(table: pd.DataFrame, inputs: Sequence[str]) -> Iterator[str]:
    follows = {"params", "tokens"} <= {*inputs}  # compute is in the unit of these two
    for name, (subject, noun, least, unit) in _SMALLEST.items():
        if name not in inputs or (name == "flops" and follows):
            continue
        largest, few = table[name].max(), table.index[table[name] < _NO_COUNT]
        if largest < least:
            yield (
                f"The largest {subject} has {_plain(largest)} {noun}: they look like millions, "
                f"billions or logarithms. Give plain counts (7e9, not 7.0) or a column whose name "
                f"states the unit, as in '{name} ({unit})'; otherwise the results are in that unit "
                f"too."
            )
        elif len(few):
            yield (
                f"{counted(len(few), 'run')} of {_plain(table[name].min())} {noun} or more beside "
                f"others of up to {_plain(largest)} ({rows(few)}): some counts look like millions "
                f"or billions and others are plain. Give all as plain counts, such as 7e9."
            )


def _summaries(table: pd.DataFrame, inputs: Sequence[str]) -> Iterator[str]:
    """Yield a note on rows that are called a summary, or that are the sum of the others."""
    called = [name for name in map(str, table.index) if _key(name) in _SUMMARIES]
    sums = np.isclose(2 * table[[*inputs]], table[[*inputs]].sum(), 1e-6, 0).all(axis=1)
    found = [*dict.fromkeys([*called, *(table.index[sums] if len(table) > _FEW else [])])]
    if found and len(found) < len(table):
        yield (
            f"{counted(len(found), 'row')} of {len(table)} may be no run, but a sum or a summary "
            f"of the others ({rows(found)}): such a row is far from every law. Leave it out."
        )


def _unit_of_loss(losses: "pd.Series[float]", source: str) -> Iterator[str]:
    large = losses.index[losses > _LARGEST_LOSS]
    cure = (
        "If this is a perplexity, take its logarithm; if it is a sum over tokens, divide it by "
        "their number."
    )
    if len(large):
        yield (
            f"{counted(len(large), 'loss', 'losses')} up to {losses.max():.3g} ({rows(large)}): a "
            f"guess among a quarter of a million tokens costs {_LARGEST_LOSS} nats per token. "
            f"{cure}"
        )
    elif losses.min() > _MOST_TYPICAL:
        yield (
            f"Every loss is above {_MOST_TYPICAL:g} ({losses.min():.3g} or more), in nats per "
            f"token that of models that have hardly learnt. {cure}"
        )
    elif losses.max() < _LEAST_TYPICAL and not bits_per(source):
        shares = " If these are accuracies, say response='accuracy'." if losses.max() <= 1 else ""
        yield (
            f"Every loss is below {_LEAST_TYPICAL:g} ({losses.max():.3g} or less), in nats per "
            f"token less than any published of text. If these are bits per byte, call their "
            f"column bits_per_byte: results then say so, and tokenizers may be pooled.{shares}"
        )


def _rising(table: pd.DataFrame, inputs: Sequence[str]) -> Iterator[str]:
    both = [name for name in ("params", "tokens") if name in inputs]
    along = both or [name for name in ("flops",) if name in inputs]
    if len(table) < _ENOUGH_RUNS or not along:
        return
    size = table[along].prod(axis=1)
    if nearly_constant(size) or nearly_constant(table["loss"]):
        return
    correlation = table["loss"].corr(size, method="spearman")
    if correlation > _RISING:
        yield (
            f"Losses rise with {' x '.join(along)} (rank correlation {correlation:.2f}), and those "
            f"of every law fall. If the column holds accuracies, say response='accuracy'; if not, "
            f"check whether columns were swapped."
        )


def _repeated(table: pd.DataFrame, columns: Sequence[str]) -> Iterator[str]:
    same = table.index[table.duplicated(subset=list(columns), keep=False)]
    if len(same):
        yield (
            f"{counted(len(same), 'row')} repeat the inputs and the loss of another one "
            f"({rows(same)}): a run that is counted twice makes intervals too narrow."
        )


def _constant(table: pd.DataFrame, inputs: Sequence[str]) -> Iterator[str]:
    if len(table) < 2:
        return
    for name in inputs:
        if nearly_constant(table[name]):
            yield (
                f"Every run has the same {name}, or nearly so ({_plain(table[name].median())}): "
                f"how the loss changes with {name} cannot be learnt from these runs, only from "
                f"the priors."
            )


def _collinear(table: pd.DataFrame, inputs: Sequence[str]) -> Iterator[str]:
    if not {"params", "tokens"} <= set(inputs):
        return
    points = table[["params", "tokens"]].drop_duplicates()
    if nearly_constant(points["params"]) or nearly_constant(points["tokens"]):
        return
    consequence = "what each adds to the loss is not learnt from these runs, only from the priors."
    ratio = points["tokens"] / points["params"]
    if nearly_constant(ratio):
        yield f"Every run has {ratio.median():.3g} tokens per parameter: {consequence}"
        return
    if len(points) == 2:
        yield f"Of params and tokens the runs have two combinations only: {consequence}"
        return
    correlation = np.corrcoef(np.log(points["params"]), np.log(points["tokens"]))[0, 1]
    if correlation < 0:
        consequence = (
            "how the loss falls as both grow is guessed from their trade-off. Add runs of another "
            "compute."
        )
    if abs(correlation) > _COLLINEAR:
        yield f"log params and log tokens are collinear (r = {correlation:.3f}): {consequence}"


def _grouping(labels: "pd.Series[str]") -> Iterator[str]:
    sizes = labels.value_counts()
    if len(sizes) == 1:
        yield (
            f"Factor {labels.name!r} has one level ({listed(sizes.index)}): how much its levels "
            f"differ is known from the prior only."
        )
        return
    alike = [list(same.index) for _, same in sizes.groupby(_key) if len(same) > 1]
    for names in alike:
        yield (
            f"Factor {labels.name!r} has levels that differ by case or spaces only "
            f"({', '.join(map(repr, names))}): they are fitted as different ones. Write them alike "
            f"if they are one."
        )
    few = sizes.index[sizes == 1]
    if len(few) == len(sizes):
        yield (
            f"Factor {labels.name!r} has one run in each of its {len(sizes)} levels: differences "
            f"between levels cannot be told from noise."
        )
    elif len(few):
        yield (
            f"Factor {labels.name!r} has one run in {counted(len(few), 'level')} ({listed(few)}): "
            f"what is said of such a level is mostly what the others say."
        )


def _key(label: str) -> str:
    return " ".join(label.lower().split())


def nearly_constant(values: Any) -> bool:
    """True if positive numbers are so close to each other that no exponent is learnt from them."""
    return bool(values.max() < _SAME * values.min())


def _plain(value: float) -> str:
    return f"{value:.1f}" if value < 1000 else f"{value:g}"
