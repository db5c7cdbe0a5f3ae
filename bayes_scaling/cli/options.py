"""Options that commands share, and functions that read their text.

Every function here takes text and returns values, or says what is wrong with the text.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bayes_scaling.errors import BayesScalingError

if TYPE_CHECKING:
    from bayes_scaling.model.hierarchy import Vary
    from bayes_scaling.priors import Prior
    from bayes_scaling.runs import Runs


def count(option: str, text: str) -> float:
    """Read a count such as ``70B`` and ``5.76e23``.

    Examples
    --------
    >>> count("--params", "7B"), count("--tokens", "1.4e12")
    (7000000000.0, 1400000000000.0)
    """
    from bayes_scaling.units import parse_count

    try:
        return parse_count(text)
    except ValueError as error:
        raise BayesScalingError(f"{option}: {error}") from error


def count_option(name: str, told: str) -> Any:
    """An option whose text is read by :func:`count`, with its help."""

    def read(text: str) -> float:
        return count(name, text)

    return typer.Option(name, parser=read, metavar="COUNT", help=told)


def loss(text: str, mistake: str) -> float:
    """Read a loss, not a count such as 2B; `mistake` is said of a text that is none."""
    try:
        return float(text)
    except ValueError:
        raise BayesScalingError(mistake) from None


def loss_option(name: str, told: str) -> Any:
    """An option whose text is read by :func:`loss`, with its help."""

    def read(text: str) -> float:
        return loss(text, f"{name}: {text!r} is no loss. Losses are plain numbers, such as 1.95.")

    return typer.Option(name, parser=read, metavar="LOSS", help=told)


def checked_prob(prob: float | None) -> float | None:
    """Refuse a probability of an interval that is none."""
    if prob is not None and not 0 < prob < 1:
        raise BayesScalingError(
            f"--prob {prob:g}: the probability of an interval lies between 0 and 1, and others "
            "have no interval. Write for instance --prob 0.9."
        )
    return prob


Saved = Annotated[Path, typer.Argument(metavar="FIT", help="File made by 'fit'.")]
Params = Annotated[
    list[float] | None, count_option("--params", "Parameters, such as 70B. Repeatable.")
]
Tokens = Annotated[
    list[float] | None, count_option("--tokens", "Training tokens, such as 1.4T. Repeatable.")
]
Flops = Annotated[
    list[float] | None,
    count_option("--flops", "Compute in FLOP, instead of one of them. Repeatable."),
]
At = Annotated[
    Path | None,
    typer.Option(help="CSV of the runs asked about: a column for each input and factor."),
]
Prob = Annotated[
    float | None,
    typer.Option(
        help="Probability of the credible intervals.", show_default="0.9", callback=checked_prob
    ),
]
AsJson = Annotated[
    bool, typer.Option("--json", help="Print JSON with full precision instead of a table.")
]
NoProgress = Annotated[bool, typer.Option("--no-progress", help="Show no progress bar.")]


@contextmanager
def loading(progress: bool) -> Iterator[None]:
    """Show that modules are being imported, which takes seconds the first time."""
    from bayes_scaling.display.progress import stages

    with stages(progress) as shown:
        shown.start("loading")
        yield
        shown.finish()


def vary_terms(texts: Sequence[str]) -> list[Vary]:
    """Read terms such as ``E:corpus``.

    Examples
    --------
    >>> vary_terms(["E:corpus"])
    [Vary('E', by='corpus')]
    """
    from bayes_scaling.model.hierarchy import Vary

    pairs = (split("--vary", text, ":", "E:corpus", "a parameter and a factor") for text in texts)
    return [Vary(parameter, by=factor) for parameter, factor in pairs]


def priors(texts: Sequence[str]) -> dict[str, Prior]:
    """Read priors such as ``alpha=0.2:0.5`` or, in paper units, ``E=1.5:2:paper``.

    Examples
    --------
    >>> priors(["alpha=0.2:0.5", "E=1.5:2:paper"])
    {'alpha': Prior.between(0.2, 0.5), 'E': Prior.between(1.5, 2, units='paper')}
    """
    pairs = _named("--prior", texts, "alpha=0.2:0.5", "a parameter and its range")
    return {name: _prior(name, text) for name, text in pairs.items()}


def facts(texts: Sequence[str]) -> dict[str, str]:
    """Read facts for a report such as ``optimiser=AdamW``.

    Examples
    --------
    >>> facts(["optimiser=AdamW"])
    {'optimiser': 'AdamW'}
    """
    return _named("--fact", texts, "optimiser=AdamW", "a field and its text")


def _prior(name: str, text: str) -> Prior:
    from bayes_scaling.priors import Prior

    parts = text.split(":")
    paper = parts[2:] == ["paper"]
    try:
        low, high = (float(part) for part in (parts[:2] if paper else parts))
        finite = math.isfinite(low) and math.isfinite(high)
    except ValueError:
        finite = False
    if not finite:
        raise BayesScalingError(
            f"--prior {name}={text}: {text!r} is not two numbers with a colon between them. They "
            "are the ends of the range that holds 90 % of the prior. Write for instance "
            f"{name}=0.2:0.5, or {name}=0.2:0.5:paper for a range in the units of the paper."
        )
    return Prior.between(low, high, units="paper" if paper else "reference")


def columns(option: str, texts: Sequence[str] | None, read: Sequence[str] = ()) -> dict[str, str]:
    """Read columns such as ``lr`` or, under another name, ``unique_tokens=U``.

    Those that a model reads stand under their own names where they are not given.

    Examples
    --------
    >>> columns("--input", ["lr", "unique_tokens=U"], ["unique_tokens", "depth"])
    {'unique_tokens': 'U', 'depth': 'depth', 'lr': 'lr'}
    """
    named = [text if "=" in text else f"{text}={text}" for text in texts or ()]
    given = _named(option, named, "unique_tokens=U", "a name and its column")
    return {**{name: name for name in read}, **given}


def conditions(runs: Runs, texts: Sequence[str]) -> dict[str, list[object]]:
    """Read conditions such as ``corpus=web``, as values of the kind their column holds.

    A column that is named more than once may have any of the values.
    """
    found: dict[str, list[object]] = {}
    for text in texts:
        column, value = split("--where", text, "=", "corpus=web", "a column and a value")
        name = _name_of(runs, column)
        found.setdefault(name, []).append(_as_in_column(runs, name, value))
    return found


def _name_of(runs: Runs, column: str) -> str:
    """Return the name that a column of the file has in the table of runs."""
    from bayes_scaling.runs.conventions import is_from

    named = (name for name, source in runs.sources.items() if is_from(source, name, column))
    return column if column in runs.table else next(named, column)


def _as_in_column(runs: Runs, column: str, text: str) -> object:
    import pandas as pd

    table = runs.table
    if column not in table:
        return text
    if pd.api.types.is_bool_dtype(table[column]):
        return {"true": True, "false": False}.get(text.lower(), text)
    if pd.api.types.is_numeric_dtype(table[column]):
        try:
            return float(text)
        except ValueError:
            return text
    return text


def split(option: str, text: str, sign: str, example: str, what: str) -> tuple[str, str]:
    """Read two words with a sign between them.

    Raises
    ------
    BayesScalingError
        One of them is missing, or the sign.
    """
    first, found, second = (part.strip() for part in text.partition(sign))
    if not (first and found and second):
        raise BayesScalingError(
            f"{option} {text!r} is not {what} with {sign!r} between them, so its "
            f"meaning is unclear. Write for instance {option} {example}."
        )
    return first, second


def _named(option: str, texts: Sequence[str], example: str, what: str) -> dict[str, str]:
    """Texts by their names, each of which is given once."""
    pairs = [split(option, text, "=", example, what) for text in texts]
    names = [name for name, _ in pairs]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise BayesScalingError(
            f"{option} names {', '.join(twice)} more than once. Only one of them could hold. "
            "Give it once."
        )
    return dict(pairs)


def reporting_mistakes[Value](make: Callable[[], Value]) -> Value:
    """Call a function whose ValueError is the user's mistake, and report it as one.

    Only for functions of this package that do no more than check: other ValueErrors are defects.
    """
    try:
        return make()
    except ValueError as error:
        raise BayesScalingError(str(error)) from error
