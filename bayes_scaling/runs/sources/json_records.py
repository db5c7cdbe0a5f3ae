"""Records in JSON: a list of them, one a line, or what data frames write.

Owns the layouts of such files and what is said about one that is in none of them.
"""

import json
from pathlib import Path
from typing import Any

import pandas as pd

from bayes_scaling.display.wording import listed
from bayes_scaling.errors import RunsError
from bayes_scaling.runs.sources.text import opened
from bayes_scaling.runs.usual_names import aliases

type Record = dict[str, object]

_EXAMPLE = '{"params": 7e9, "tokens": 2e11, "loss": 2.3}'


# Under which name an object holds the list, as the Trainer of Hugging Face has its log.
_LISTS = ("runs", "results", "log_history")
# Keys of a run of W&B beside its name.
_KINDS = frozenset({"config", "summary", "summaryMetrics", "summary_metrics"})


def with_fields(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a table with a column for each field of objects within its cells.

    Examples
    --------
    >>> list(with_fields(pd.DataFrame({"loss": [3.1], "config": [{"model": {"params": 1e8}}]})))
    ['loss', 'config.model.params']
    """
    if not any(isinstance(cell, dict) for name in frame for cell in frame[name]):
        return frame
    rows: Any = frame.to_dict("records")
    return pd.json_normalize(rows)


class _RepeatedName(ValueError):
    pass


def json_lines(path: Path) -> list[Record]:
    """Return the objects of a file that has one a line.

    Raises
    ------
    RunsError
        The file cannot be read, or a line is not an object.
    """
    records: list[Record] = []
    with opened(path) as lines:
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            read = _parsed(line, f"line {number} of {str(path)!r}")
            if not isinstance(read, dict):
                raise RunsError(
                    f"Runs: line {number} of {str(path)!r} is a JSON {type(read).__name__}, not an "
                    f"object. Every line of a JSON lines file is one run, with its columns by "
                    f"name. Write one object a line, such as {_EXAMPLE}."
                )
            records.append(read)
    return records


def json_records(path: Path) -> list[Record]:
    """Return the records of a JSON file.

    It holds a list of objects, an object with such a list as "runs" or "log_history" or with one
    such list of any name, one run by its fields or with its "config" or "summary", runs by name,
    columns by name, or what `DataFrame.to_json` writes with any `orient` that keeps the names of
    columns. NaN and Infinity stay words: they were computed, null was not.

    Raises
    ------
    RunsError
        The file cannot be read, or is in none of these layouts.
    """
    with opened(path) as text:
        read = _parsed(text.read(), repr(str(path)))
    records = _of_object(read) if isinstance(read, dict) else read
    if not (isinstance(records, list) and all(isinstance(record, dict) for record in records)):
        raise RunsError(
            f"Runs: {str(path)!r} is not a list of runs. Understood are a list of objects such as "
            f'{_EXAMPLE}, an object with one such list, such as "runs", and what '
            f'DataFrame.to_json writes, unless with orient="values", which leaves out the names of '
            f"columns. Write the file in one of these ways."
        )
    return records


def _parsed(text: str, where: str) -> object:
    try:
        return json.loads(text, object_pairs_hook=_without_repeats, parse_constant=str)
    except (ValueError, RecursionError) as error:
        what = error.msg if isinstance(error, json.JSONDecodeError) else str(error)
        at = f", line {error.lineno}" if isinstance(error, json.JSONDecodeError) else ""
        raise RunsError(
            f"Runs: {where} is not JSON that holds runs ({what}{at}). A .json file is one list of "
            f"runs, a .jsonl file one object a line. Check that it was written to the end and has "
            f"the suffix of its kind; an object is such as {_EXAMPLE}."
        ) from error


def _without_repeats(pairs: list[tuple[str, object]]) -> Record:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = dict.fromkeys(name for name in names if names.count(name) > 1)
        raise _RepeatedName(f"an object has {listed(twice)} more than once")
    return found


def _by_run(read: dict[str, Any]) -> bool:
    """True for an object of runs by their names, as opposed to columns by theirs."""
    if not read or not all(isinstance(one, dict) for one in read.values()):
        return False
    return not aliases("loss", [*read]) and all(aliases("loss", [*one]) for one in read.values())


def _of_object(read: dict[str, Any]) -> object:
    for name in _LISTS:
        if isinstance(read.get(name), list):
            return read[name]
    if _KINDS & {*read} and not all(isinstance(column, dict) for column in read.values()):
        return [read]
    if {*read} <= _KINDS:
        return [read]
    if _by_run(read):
        return [{"run": name, **one} for name, one in read.items()]
    lists = [one for one in read.values() if isinstance(one, list)]
    objects = [one for one in lists if one and all(isinstance(item, dict) for item in one)]
    if len(objects) == 1 and not aliases("loss", [*read]):  # orient="table" among them
        return objects[0]
    if aliases("loss", [*read]) and not any(isinstance(one, dict | list) for one in read.values()):
        return [read]
    try:
        if {"columns", "data"} <= {*read}:  # orient="split"
            return _named(pd.DataFrame(read["data"], read.get("index"), read["columns"]))
        return _named(pd.DataFrame(read, dtype=object))
    except (ValueError, TypeError):
        return None


def _named(frame: pd.DataFrame) -> list[Record]:
    """Return the rows of a frame, with their labels as names of runs unless these are numbers."""
    labels = [str(label) for label in frame.index]
    named = "run" not in frame and not all(map(str.isdigit, labels))
    rows: Any = (frame.assign(run=labels) if named else frame).to_dict("records")
    return list(rows)
