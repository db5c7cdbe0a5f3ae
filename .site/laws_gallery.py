"""The gallery of laws: of each its equation, priors, paper and published parameters."""

import inspect
import re

from numpydoc.docscrape import NumpyDocString

import bayes_scaling as bs

HEAD = """Laws
====

What can be fitted, each law with its formula, its priors and the parameters that papers have
printed. :math:`N` is the number of parameters, :math:`D` that of training tokens, :math:`C` compute
in FLOP; losses are in nats per token. Priors are on the reference scale of the runs: inputs are
divided by their geometric mean, and the loss by a low loss of theirs, the 5 % quantile.

"""


def write(path):
    """Write the page."""
    laws = [getattr(bs.laws, name) for name in bs.laws.__all__]
    built_in = [one for one in laws if inspect.isclass(one) and issubclass(one, bs.Law)]
    parts = [_section(one()) for one in built_in if one is not bs.Law]
    path.write_text(HEAD + "\n".join(parts), encoding="utf-8")


def _section(law):
    words = NumpyDocString(inspect.getdoc(type(law)))
    paper = "\n".join(words["References"])
    parts = [
        f"{law.name}\n{'-' * len(law.name)}\n",
        f"{' '.join(words['Summary'])}\n",
        "\n".join(words["Extended Summary"]) + "\n",
        _priors(law),
        _published(law),
        f"**Sources.** {_linked(paper)}\n" if paper else "",
        f"In code: :class:`bayes_scaling.laws.{law.name}`.\n",
    ]
    return "\n".join(part for part in parts if part)


def _priors(law):
    rows = []
    for name, prior in law.priors.items():
        low, high = prior.range()
        rows.append((f"``{name}``", prior.distribution, f"{low:.3g} to {high:.3g}"))
    options = repr(law).removeprefix(law.name).strip("()")
    title = f"Priors of ``{law!r}``" if options else "Priors"
    return _table(title, ("parameter", "distribution", "90 % within"), rows)


def _published(law):
    found = bs.laws.published(law)
    rows = []
    for key, one in found.groupby(level="set", sort=False):
        about = one.iloc[0]
        values = ", ".join(f"{name} = {value:.4g}" for (_, name), value in one["value"].items())
        source = f"`{about['paper']} <https://arxiv.org/abs/{about['arxiv']}>`__"
        rows.append((f"``{key}``", f"{source}, {about['where']}", about["data"], values))
    return _table("Published", ("set", "paper", "data", "parameters"), rows) if rows else ""


def _table(title, header, rows):
    lines = [f".. list-table:: {title}\n   :header-rows: 1\n"]
    for row in (header, *rows):
        lines += [f"   {'*' if not i else ' '} - {cell}" for i, cell in enumerate(row)]
    return "\n".join(lines) + "\n"


def _linked(text):
    """Numbers of arXiv as links."""
    return re.sub(r"arXiv:(\d{4}\.\d{5})", r"`arXiv:\1 <https://arxiv.org/abs/\1>`__", text)
