"""Every law has its paper, and what is printed is BibTeX."""

import re

import pytest

import bayes_scaling as bs
from bayes_scaling.datasets.public import TABLES
from bayes_scaling.display.versions import installed_version
from bayes_scaling.laws import Law, published
from bayes_scaling.reporting.citing.bibliography import (
    BIBLIOGRAPHY,
    DATA,
    SOFTWARE,
    bibtex,
    short_citation,
    software,
)
from tests.reporting.test_escaping import balanced

LAWS = [law for law in vars(bs.laws).values() if isinstance(law, type) and issubclass(law, Law)]
ENTRIES = [*BIBLIOGRAPHY.values(), *map(software, SOFTWARE)]


def test_laws_are_found() -> None:
    assert bs.laws.Chinchilla in LAWS
    assert len(LAWS) > 15


@pytest.mark.parametrize(
    "law", [law for law in LAWS if law is not Law], ids=lambda law: law.__name__
)
def test_every_law_has_an_entry_that_its_docstring_confirms(law: type[Law]) -> None:
    entry = BIBLIOGRAPHY[law.cite]
    assert entry.fields["eprint"] in (law.__doc__ or "")


def test_every_published_set_has_an_entry() -> None:
    numbers = dict(zip(published()["cite"], published()["arxiv"], strict=True))
    known = numbers.keys() & BIBLIOGRAPHY.keys()
    assert len(known) > 10
    for key in known:
        assert BIBLIOGRAPHY[key].fields["eprint"] == numbers[key]


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.key)
def test_entries_are_bibtex(entry) -> None:
    text = entry.bibtex
    assert re.match(r"@(article|software|misc)\{[a-z0-9_]+,\n", text)
    assert text.endswith("\n}")
    assert balanced(text)
    assert not re.search(r"(?<!\\)[%#&]", text)
    for line in text.splitlines()[1:-1]:
        assert re.fullmatch(r"  [a-z]+ = \{.+\},", line)


def test_keys_are_those_of_the_entries() -> None:
    assert all(key == entry.key for key, entry in BIBLIOGRAPHY.items())
    assert {key for keys in DATA.values() for key in keys} <= set(BIBLIOGRAPHY)
    assert len({entry.key for entry in ENTRIES}) == len(ENTRIES)


def test_the_year_of_a_key_is_that_of_its_number() -> None:
    for entry in BIBLIOGRAPHY.values():
        submitted = 2000 + int(entry.fields["eprint"][:2])
        assert submitted <= entry.year <= submitted + 1


def test_papers_of_what_can_be_loaded_are_in_the_bibliography() -> None:
    papers = [paper for table in TABLES.values() for paper in table.papers.items()]
    assert {key: BIBLIOGRAPHY[key].fields["eprint"] for key, _ in papers} == dict(papers)


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("hoffmann2022training", "Hoffmann et al., 2022"),
        ("alabdulmohsin2022revisiting", "Alabdulmohsin et al., 2022"),
        ("mine2030", "mine2030"),
    ],
)
def test_papers_are_named_as_in_a_text(key: str, text: str) -> None:
    assert short_citation(key) == text


def test_software_has_the_installed_version() -> None:
    assert f"version {installed_version('pymc')}" in software("pymc").bibtex
    assert installed_version("no-such-package") == "0+unknown"


def test_a_key_that_is_not_known_is_a_comment() -> None:
    text = bibtex(["mine_2030", "kaplan2020scaling", "kaplan2020scaling"])
    assert text.startswith(r"% The law's paper, mine\_2030, is not in the bibliography")
    assert text.count("@article{kaplan2020scaling,") == 1
