"""Usual names of the standard columns, as people write them.

Owns the aliases, how names are compared, and which column was likely meant by another name.
"""

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence

from bayes_scaling.display.wording import listed
from bayes_scaling.runs.stated_units import stated_unit


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Compared in lower case and without spaces, dashes, slashes, underscores and brackets.
_ALIASES: Mapping[str, frozenset[str]] = {
    "params": _words(
        "n params param parameters nparams numparams nparameters numparameters modelsize "
        "modelparams modelparameters paramcount parametercount totalparams totalparameters "
        "totalparamcount totalparametercount numscalingparams modelnparams paramstotal"
    ),
    "tokens": _words(
        "d tokens dtokens ntokens numtokens traintokens trainingtokens totaltokens tokensseen "
        "tokencount tokenstrained numinputtokensseen numtokensseen tokensprocessed tokensconsumed "
        "consumedtokens seentokens numtraintokens ntraintokens"
    ),
    "flops": _words(
        "c flops flop compute trainflops trainflop trainingflops trainingflop totalflops totalflop "
        "traincompute trainingcompute totalcompute numflops computebudget flopsbudget flopbudget "
        "totaltrainflops totaltrainingflops computeflops computeflop "
        "cflops cflop trainingcomputeflops trainingcomputeflop traincomputeflops"
    ),
    "loss": _words(
        "l loss valloss validationloss testloss evalloss evaluationloss finalloss finalvalloss "
        "nll ce celoss crossentropy crossentropyloss"
    ),
    "accuracy": _words("accuracy acc loss"),
    "metric": _words("metric score loss"),
    "step": _words("step steps globalstep trainstep trainingstep trainerglobalstep iteration iter"),
    "learning_rate": _words("lr learningrate peaklr maxlr baselr peaklearningrate"),
}

# Words of columns that hold what was measured on held-out data: beside them, a bare "loss" or
# "accuracy" is that of training, as Keras and the Trainer of Hugging Face log it.
_HELD_OUT = _words("val valid validation eval evaluation test dev heldout holdout")
_SCORES = _words("accuracy acc score metric")
_LOSSES = _words("loss nll ce xent crossentropy")
_MEASURES = _LOSSES | _SCORES
_MEASURED = _MEASURES | _words("ppl perplexity bpb bpc bits")
_FILLERS = _words("lm token mean avg final") | {""}
_HELD_OUT_KEYS = frozenset(f"{data}{measure}" for data in _HELD_OUT for measure in _MEASURES)
_BITS = _words("bpb bpc bitsperbyte bitsperchar bitspercharacter")
# Taken where no column has one of the names above.
_LESS_USUAL: Mapping[str, frozenset[str]] = {
    "flops": _words("budget"),
    "loss": frozenset(f"{data}{bits}" for data in ("", *_HELD_OUT) for bits in _BITS | _LOSSES)
    | _words("lmloss xent"),
}
# What leaves a name what it is: the unit of losses, and the point of a word cut short.
_SAID = re.compile(r"\s*[(\[]nats?( ?(/|per) ?token)?[)\]]$|\.(?= )")


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
    less = _LESS_USUAL.get(kind, ())
    plain = plain or [column for column in columns if column_key(column) in less]
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


def held_out(columns: Sequence[str], response: str) -> list[str]:
    """Return the columns of a response on data that were not trained on, by their words.

    Of a metric these are losses and scores.

    >>> held_out(["loss", "eval_loss", "eval_accuracy"], "loss")
    ['eval_loss']
    """
    found = [name for name in columns if column_key(name) in _HELD_OUT_KEYS or _is_held_out(name)]
    scores = [name for name in found if any(word in column_key(name) for word in _SCORES)]
    return {"loss": [name for name in found if name not in scores], "accuracy": scores}.get(
        response, found
    )


def _is_held_out(name: str) -> bool:
    words = {*re.split(r"[\W\d_]+", name.lower())} - _FILLERS
    return bool(words & _HELD_OUT and words & _MEASURES and words <= _HELD_OUT | _MEASURES)


def column_key(name: str) -> str:
    """Return a name in the form in which names are compared: lower case, no separators.

    >>> column_key("Run ID"), column_key("Val. loss (nats/token)"), column_key("N (params)")
    ('runid', 'valloss', 'nparams')
    """
    return _SAID.sub("", name.lower()).translate(str.maketrans("", "", " -_/#()[]"))


def closest(word: str, known: Iterable[str]) -> list[str]:
    """Return at most three of the known names that resemble a word, the nearest first.

    >>> closest("Tokens", ["params", "tokens", "n_tokens"])
    ['tokens', 'n_tokens']
    >>> closest("learning_rate", ["lr", "loss"]), closest("tokens", ["loss", "how many tokens"])
    (['lr'], ['how many tokens'])
    """
    by_key: dict[str, list[str]] = {}
    for name in known:
        by_key.setdefault(column_key(name), []).append(name)
    key = column_key(word)
    keys = [other for other in by_key if other in _ALIASES.get(word, ())]
    keys += difflib.get_close_matches(key, by_key, n=3, cutoff=0.6)
    keys += [other for other in by_key if len(key) > 3 and key.removesuffix("s") in other]
    return [name for one in dict.fromkeys(keys) for name in by_key[one]][:3]


def near_matches(word: str, known: Iterable[str]) -> str:
    """Return a hint at the known names that resemble a word; nothing if none does."""
    near = closest(word, known)
    return f"Near matches: {listed(near)}. " if near else ""


def guess(columns: Sequence[str], response: str) -> str:
    """Return the column that a loss, or another response, is likeliest in.

    What is said to be of training comes last, held-out data come first.

    >>> names = ["flops", "train_loss", "final_loss_c4", "val_ce_c4", "acc_mmlu"]
    >>> guess(names, "loss"), guess(names, "accuracy"), guess(names[:1], "loss")
    ('val_ce_c4', 'acc_mmlu', 'my_loss')
    >>> guess(["train_loss", "val_ppl"], "loss"), guess(["train_loss"], "accuracy")
    ('val_ppl', 'my_accuracy')
    """
    parts = ("params", "tokens", "flops", "step", "learning_rate")
    free = [name for name in columns if not any(aliases(part, [name]) for part in parts)]
    words = {name: frozenset(re.split(r"[\W\d_]+", name.lower())) for name in free}
    own = _SCORES if response == "accuracy" else _MEASURED

    def doubts(name: str) -> tuple[bool, ...]:
        said = words[name]
        training = any(word.startswith("train") for word in said)
        return (training, bool(said & _SCORES) == (response == "loss"), not said & _HELD_OUT)

    measured = [name for name in free if response in name.lower() or words[name] & own]
    values = [name for name in free if column_key(name) == "value"]  # as TensorBoard exports them
    return min(measured or values, key=doubts, default=f"my_{response}")
