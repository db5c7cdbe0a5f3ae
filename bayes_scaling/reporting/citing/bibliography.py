"""BibTeX of what a result rests on: the paper of each law, published data, the software.

Titles, authors and numbers are those of the papers; where there are many authors the first is
named. Nothing is looked up when a citation is made.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from types import MappingProxyType

from bayes_scaling.datasets.public import TABLES
from bayes_scaling.reporting.citing.escaping import latex_escaped

SOFTWARE = ("bayes_scaling", "pymc", "nutpie", "arviz")
"""What every fit is made with, in the order in which it is cited."""


@dataclass(frozen=True)
class Entry:
    """One entry of a bibliography.

    Attributes
    ----------
    key : str
        BibTeX key.
    authors : tuple of str
        As BibTeX wants them, ``"Hoffmann, Jordan"``; a last one of ``"others"`` for those left
        out.
    title : str
        In LaTeX, capitals kept by braces.
    year : int or None
    kind : str
        Type of the entry.
    fields : mapping of str to str
        Further fields, in LaTeX.
    """

    key: str
    authors: tuple[str, ...]
    title: str
    year: int | None = None
    kind: str = "article"
    fields: Mapping[str, str] = field(default_factory=dict)

    @property
    def short(self) -> str:
        """As a text cites it.

        Examples
        --------
        >>> BIBLIOGRAPHY["hoffmann2022training"].short
        'Hoffmann et al., 2022'
        >>> BIBLIOGRAPHY["hestness2017deep"].short
        'Hestness et al., 2017'
        """
        names = [author.split(",")[0].strip("{}") for author in self.authors]
        match names:
            case [one]:
                who = one
            case [one, other] if other != "others":
                who = f"{one} and {other}"
            case _:
                who = f"{names[0]} et al."
        return who if self.year is None else f"{who}, {self.year}"

    @property
    def bibtex(self) -> str:
        """The entry in BibTeX."""
        fields = {"title": f"{{{self.title}}}", "author": " and ".join(self.authors)}
        if self.year is not None:
            fields["year"] = str(self.year)
        lines = (f"  {name} = {{{text}}}," for name, text in {**fields, **self.fields}.items())
        return "\n".join([f"@{self.kind}{{{self.key},", *lines, "}"])


def software(name: str) -> Entry:
    """The entry of one of `SOFTWARE`, with the version that is installed."""
    entry = _SOFTWARE[name]
    note = f"version {latex_escaped(installed_version(name))}"
    return Entry(
        entry.key,
        entry.authors,
        entry.title,
        entry.year,
        entry.kind,
        {**entry.fields, "note": note},
    )


def installed_version(name: str) -> str:
    """Version of a package on this machine."""
    try:
        return version(name)
    except PackageNotFoundError:  # a source tree on sys.path
        return "0+unknown"


def short(key: str) -> str:
    """How a text cites a key; the key itself if it is not in the bibliography."""
    return BIBLIOGRAPHY[key].short if key in BIBLIOGRAPHY else key


def bibtex(keys: Iterable[str]) -> str:
    """Entries of these keys; a comment for those that the bibliography lacks."""
    return "\n\n".join(
        BIBLIOGRAPHY[key].bibtex
        if key in BIBLIOGRAPHY
        else f"% The law's paper, {latex_escaped(key)}, is not in the bibliography: add its entry."
        for key in dict.fromkeys(keys)
    )


def _arxiv(key: str, authors: str, title: str, number: str) -> Entry:
    fields = {
        "journal": f"arXiv preprint arXiv:{number}",
        "eprint": number,
        "archiveprefix": "arXiv",
    }
    year = int("".join(character for character in key if character.isdigit()))
    return Entry(key, tuple(authors.split(" and ")), title, year, fields=fields)


_PAPERS = (
    _arxiv(
        "alabdulmohsin2022revisiting",
        "Alabdulmohsin, Ibrahim and Neyshabur, Behnam and Zhai, Xiaohua",
        "Revisiting Neural Scaling Laws in Language and Vision",
        "2209.06640",
    ),
    _arxiv(
        "besiroglu2024chinchilla",
        "Besiroglu, Tamay and Erdil, Ege and Barnett, Matthew and You, Josh",
        "Chinchilla Scaling: A replication attempt",
        "2404.10102",
    ),
    _arxiv(
        "bhagia2024establishing",
        "Bhagia, Akshita and others",
        "Establishing Task Scaling Laws via Compute-Efficient Model Ladders",
        "2412.04403",
    ),
    _arxiv(
        "brown2024monkeys",
        "Brown, Bradley and others",
        "Large Language Monkeys: Scaling Inference Compute with Repeated Sampling",
        "2407.21787",
    ),
    _arxiv(
        "caballero2023broken",
        "Caballero, Ethan and Gupta, Kshitij and Rish, Irina and Krueger, David",
        "Broken Neural Scaling Laws",
        "2210.14891",
    ),
    _arxiv(
        "chen2025parallel",
        "Chen, Mouxiang and others",
        "Parallel Scaling Law for Language Models",
        "2505.10475",
    ),
    _arxiv(
        "clark2022unified",
        "Clark, Aidan and others",
        "Unified Scaling Laws for Routed Language Models",
        "2202.01169",
    ),
    _arxiv(
        "gadre2024language",
        "Gadre, Samir Yitzhak and others",
        "Language models scale reliably with over-training and on downstream tasks",
        "2403.08540",
    ),
    _arxiv(
        "hestness2017deep",
        "Hestness, Joel and others",
        "Deep Learning Scaling is Predictable, Empirically",
        "1712.00409",
    ),
    _arxiv(
        "hoffmann2022training",
        "Hoffmann, Jordan and others",
        "Training Compute-Optimal Large Language Models",
        "2203.15556",
    ),
    _arxiv(
        "kaplan2020scaling",
        "Kaplan, Jared and others",
        "Scaling Laws for Neural Language Models",
        "2001.08361",
    ),
    _arxiv(
        "khatri2025scalerl",
        "Khatri, Devvrit and others",
        "The Art of Scaling Reinforcement Learning Compute for {LLMs}",
        "2510.13786",
    ),
    _arxiv(
        "luo2025multipower",
        "Luo, Kairong and others",
        "A Multi-Power Law for Loss Curve Prediction Across Learning Rate Schedules",
        "2503.12811",
    ),
    _arxiv(
        "muennighoff2023scaling",
        "Muennighoff, Niklas and others",
        "Scaling Data-Constrained Language Models",
        "2305.16264",
    ),
    _arxiv(
        "porian2024resolving",
        "Porian, Tomer and others",
        "Resolving Discrepancies in Compute-Optimal Scaling of Language Models",
        "2406.19146",
    ),
    _arxiv(
        "rosenfeld2020constructive",
        "Rosenfeld, Jonathan S. and others",
        "A Constructive Prediction of the Generalization Error Across Scales",
        "1909.12673",
    ),
    _arxiv(
        "ruan2024observational",
        "Ruan, Yangjun and Maddison, Chris J. and Hashimoto, Tatsunori",
        "Observational Scaling Laws and the Predictability of Language Model Performance",
        "2405.10938",
    ),
    _arxiv(
        "zhang2024when",
        "Zhang, Biao and others",
        "When Scaling Meets {LLM} Finetuning: The Effect of Data, Model and Finetuning Method",
        "2402.17193",
    ),
)

BIBLIOGRAPHY: Mapping[str, Entry] = MappingProxyType({entry.key: entry for entry in _PAPERS})
"""Papers of laws and of data, by BibTeX key."""

DATA: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        **{name: tuple(table.papers) for name, table in TABLES.items()},
        "gadre_downstream": ("gadre2024language",),
        "learning_curves": ("alabdulmohsin2022revisiting",),
        "porian2024": ("porian2024resolving",),
    }
)
"""Papers to cite for published tables of runs, by name of the table."""

_SOFTWARE = {
    "bayes_scaling": Entry(
        "bayes_scaling",
        ("{The bayes\\_scaling developers}",),
        "bayes\\_scaling: {Bayesian} scaling laws for training runs",
        kind="software",
    ),
    "pymc": Entry(
        "pymc2023",
        ("Abril-Pla, Oriol", "others"),
        "{PyMC}: A Modern and Comprehensive Probabilistic Programming Framework in {Python}",
        2023,
        fields={
            "journal": "PeerJ Computer Science",
            "volume": "9",
            "pages": "e1516",
            "doi": "10.7717/peerj-cs.1516",
        },
    ),
    "nutpie": Entry(
        "nutpie",
        ("{The PyMC developers}",),
        "nutpie",
        kind="software",
        fields={"url": "https://github.com/pymc-devs/nutpie"},
    ),
    "arviz": Entry(
        "arviz2026",
        ("Martin, Osvaldo A.", "others"),
        "{ArviZ}: a modular and flexible library for exploratory analysis of {Bayesian} models",
        2026,
        fields={
            "journal": "Journal of Open Source Software",
            "volume": "11",
            "number": "119",
            "pages": "9889",
            "doi": "10.21105/joss.09889",
        },
    ),
}
