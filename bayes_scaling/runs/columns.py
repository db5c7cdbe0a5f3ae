"""Roles of the columns of the user's table.

Owns the aliases of the standard columns, the search for near matches and the rearranged table
with standard names. Looks at names only: what the cells hold is checked in `checks`.
"""

import difflib
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Literal

import pandas as pd

from bayes_scaling.display.wording import counted, listed
from bayes_scaling.errors import RunsError
from bayes_scaling.runs.stated_units import stated_unit

type Choice = str | Literal[False] | None

STANDARD_INPUTS = ("params", "tokens", "flops")


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Compared in lower case and without spaces, dashes, slashes and underscores.
_ALIASES: Mapping[str, frozenset[str]] = {
    "params": _words(
        "n params param parameters nparams numparams nparameters numparameters modelsize "
        "modelparams modelparameters paramcount parametercount totalparams totalparameters"
    ),
    "tokens": _words(
        "d tokens ntokens numtokens traintokens trainingtokens totaltokens tokensseen tokencount "
        "numinputtokensseen numtokensseen"
    ),
    "flops": _words(
        "c flops flop compute trainflops trainflop trainingflops trainingflop totalflops totalflop "
        "traincompute trainingcompute totalcompute numflops"
    ),
    "loss": _words(
        "l loss valloss validationloss testloss evalloss evaluationloss finalloss finalvalloss "
        "nll ce celoss crossentropy crossentropyloss"
    ),
    "accuracy": _words("accuracy acc loss"),
    "metric": _words("metric score loss"),
    "step": _words("step steps globalstep trainstep trainingstep trainerglobalstep iteration iter"),
}

# Words of columns that hold what was measured on held-out data: beside them, a bare "loss" or
# "accuracy" is that of training, as Keras and the Trainer of Hugging Face log it.
_HELD_OUT = _words("val valid validation eval evaluation test dev heldout holdout")
_MEASURES = _words("loss nll ce xent crossentropy accuracy acc score metric")
_MEASURED = _MEASURES | _words("ppl perplexity bpb bpc bits")
_FILLERS = _words("lm token mean avg final") | {""}
_HELD_OUT_KEYS = frozenset(f"{data}{measure}" for data in _HELD_OUT for measure in _MEASURES)

_PURPOSE = {
    "params": "The size of the model is read from it.",
    "tokens": "The amount of training data is read from it.",
    "flops": "The training compute is read from it.",
    "loss": "It is what the law explains.",
    "step": "Checkpoints are ordered by it.",
}


def assign_columns(
    columns: Sequence[str],
    standard: Mapping[str, Choice],
    further: Mapping[str, str],
    response: str,
    skipped: Collection[str] = (),
) -> dict[str, str]:
    """Return the source column of every part, by name of the part.

    Parameters
    ----------
    columns
        The columns of the source.
    standard
        What the user said for `params`, `tokens`, `flops` and `loss`: a column, None (look for
        the usual names) or False (take none).
    further
        Further inputs and the factors: name to source column.
    response
        What the loss column holds; decides under which names it is looked for.
    skipped
        Columns that are taken only where the user names them.

    Raises
    ------
    RunsError
        A column is missing or ambiguous, or plays two parts.
    """
    said = {name: choice for name, choice in standard.items() if isinstance(choice, str)}
    said |= further
    for name, column in said.items():
        if column not in columns:
            raise no_such_column(name, column, columns)
    free = [column for column in columns if column not in {*said.values(), *skipped}]
    claims = {}
    for name, choice in standard.items():
        found = choice if isinstance(choice, str) else None
        if choice is None:
            found = by_alias(name, response if name == "loss" else name, free)
        if found is not None:
            claims[name] = found
    claims |= further
    _check_one_part_each(claims)
    if "loss" not in claims:
        raise RunsError(
            f"Runs: no column holds the {response} (the columns are {listed(columns, 20)}). "
            f'{_PURPOSE["loss"]} Name its column, as in loss="{_guess("loss", columns)}".'
            f"{_hint_at_curves(columns)}"
        )
    return claims


def _hint_at_curves(columns: Sequence[str]) -> str:
    if not aliases("step", columns):
        return ""
    return (
        " A row for each step is a point of a training curve, and no run: give a table with a row "
        "for each run, and its final loss."
    )


def rearrange(frame: pd.DataFrame, claims: Mapping[str, str], run: str) -> pd.DataFrame:
    """Return a new table with the claimed columns under their standard names, then the others.

    A column of the source that is not claimed keeps its name, unless a standard column needs the
    name (`loss` where `loss="loss_c4"` was asked for): it is then called `loss_in_source`.
    """
    taken = {*STANDARD_INPUTS, "loss", "run", *claims}
    data = {name: frame[source] for name, source in claims.items()}
    for column in frame.columns:
        if column in claims.values() or column == run:
            continue
        name = column
        while name in taken:
            name += "_in_source"
        taken.add(name)
        data[name] = frame[column]
    return pd.DataFrame(data, index=frame.index)


def name_mapping(given: object, part: str) -> dict[str, str]:
    """Return `inputs` or `factors` as given by the user as a mapping of name to source column.

    >>> name_mapping(("corpus",), "factors")
    {'corpus': 'corpus'}
    """
    example = f'{part}=("{given}",)' if isinstance(given, str) else f'{part}=("name", "other")'
    if isinstance(given, str) or not isinstance(given, Iterable):
        raise RunsError(
            f"Runs: {part} is {given!r}, not a tuple of column names. A bare string would be read "
            f"letter by letter. Write {example}."
        )
    pairs = list(given.items()) if isinstance(given, Mapping) else [(name, name) for name in given]
    wrong = [name for pair in pairs for name in dict.fromkeys(pair) if not isinstance(name, str)]
    if wrong:
        raise RunsError(
            f"Runs: {part} has {counted(len(wrong), 'entry', 'entries')} that are not column names "
            f"({listed(wrong)}). Columns are found by name. Write {example}."
        )
    names = [name for name, _ in pairs]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise RunsError(
            f"Runs: {part} names {listed(twice)} more than once. Each column is taken once. "
            f"Name it once."
        )
    return dict(pairs)


def check_unique(columns: pd.Index) -> None:
    """Refuse column names that repeat."""
    twice = list(dict.fromkeys(columns[columns.duplicated()]))
    if twice:
        raise RunsError(
            f"Runs: {counted(len(twice), 'column name')} occurs more than once ({listed(twice)}). "
            f"It is not clear which one is meant. Rename or drop the others."
        )


def closest(word: str, known: Iterable[str]) -> list[str]:
    """Return at most three of the known names that resemble a word, the nearest first.

    >>> closest("Tokens", ["params", "tokens", "n_tokens"])
    ['tokens', 'n_tokens']
    """
    by_key: dict[str, list[str]] = {}
    for name in known:
        by_key.setdefault(column_key(name), []).append(name)
    keys = difflib.get_close_matches(column_key(word), by_key, n=3, cutoff=0.6)
    return [name for key in keys for name in by_key[key]][:3]


def by_alias(name: str, kind: str, free: Sequence[str]) -> str | None:
    """Return the column that has a usual name of its kind, refusing to choose among several."""
    found = aliases(kind, free)
    held_out = _held_out(free) if name == "loss" and found else []
    if kind in free and not held_out:
        return kind
    found = list(dict.fromkeys([*held_out, *found]))
    if len(found) > 1:
        unsure = "" if name == "loss" else f", or {name}=False to take none of them"
        training = f" Beside {held_out[0]!r}, {kind!r} may be that of training." if held_out else ""
        raise RunsError(
            f"Runs: {len(found)} columns could be {name} ({listed(found)}). {_PURPOSE[name]}"
            f"{training} Say which one is meant, as in {name}={_quoted(found[0])}{unsure}."
        )
    return found[0] if found else None


def _held_out(columns: Sequence[str]) -> list[str]:
    """Return the columns of losses or scores on data that were not trained on, by their words."""
    return [name for name in columns if column_key(name) in _HELD_OUT_KEYS or _is_held_out(name)]


def _is_held_out(name: str) -> bool:
    words = {*re.split(r"[\W\d_]+", name.lower())} - _FILLERS
    return bool(words & _HELD_OUT and words & _MEASURES and words <= _HELD_OUT | _MEASURES)


def aliases(kind: str, columns: Sequence[str]) -> list[str]:
    """Return the columns that have a usual name of a kind; without any, those that add a unit.

    Without any of these, counts that were logged under a heading.

    >>> aliases("params", ["N", "D", "model size"]), aliases("tokens", ["Tokens (B)", "run"])
    (['N', 'model size'], ['Tokens (B)'])
    >>> aliases(
    ...     "tokens", ["throughput/total_tokens", "eval/tokens", "throughput/tokens_per_second"]
    ... )
    ['throughput/total_tokens']
    """
    plain = [column for column in columns if column_key(column) in _ALIASES[kind]]
    plain = plain or [column for column in columns if _with_unit(kind, column)]
    return plain or [column for column in columns if _under_heading(kind, column)]


def _with_unit(kind: str, column: str) -> bool:
    unit = stated_unit(kind, column)
    return unit is not None and column_key(unit.name) in _ALIASES[kind]


def _under_heading(kind: str, column: str) -> bool:
    *headings, name = re.split("[/.]", column.lower())
    # Compute under a heading is mostly a speed, and a letter may be anything.
    if kind not in ("params", "tokens") or not headings or len(name) == 1:
        return False
    return column_key(name) in _ALIASES[kind] and not _HELD_OUT & {*headings}


def _check_one_part_each(claims: Mapping[str, str]) -> None:
    for column in claims.values():
        parts = [name for name, source in claims.items() if source == column]
        if len(parts) > 1:
            raise RunsError(
                f"Runs: column {column!r} is asked for as {listed(parts)}. A column plays one part "
                f"only. Copy it under another name, or leave out one of the two."
            )


def near_matches(word: str, known: Iterable[str]) -> str:
    """Return a hint at the known names that resemble a word; nothing if none does."""
    near = closest(word, known)
    return f"Near matches: {listed(near)}. " if near else ""


def no_such_column(name: str, asked: str, columns: Sequence[str]) -> RunsError:
    """Return the error about a column that was asked for as `name` and is not there."""
    hint = near_matches(asked, columns) or near_matches(name, columns)
    further = asked == name and name not in _PURPOSE
    mapped = f', as in inputs={{"{name}": "its_column"}} (likewise factors)' if further else ""
    return RunsError(
        f"Runs: there is no column {asked!r}, asked for as {name}. "
        f"{_PURPOSE.get(name, 'It was asked for by name.')} {hint}"
        f"The columns are {listed(columns, 20)}: name one of them{mapped}."
    )


def _guess(name: str, columns: Sequence[str]) -> str:
    near = closest(name, columns) or [
        column
        for column in columns
        if name in column.lower() or _MEASURED & {*re.split(r"[\W\d_]+", column.lower())}
    ]
    return near[0] if near else f"my_{name}"


def column_key(name: str) -> str:
    """Return a name in the form in which names are compared: lower case, no separators.

    >>> column_key("Run ID")
    'runid'
    """
    return name.lower().translate(str.maketrans("", "", " -_/"))


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '\\"') + '"'
