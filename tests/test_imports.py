"""Imports point one way: between folders to what stands earlier in `ORDER`, and never in a circle.

Imports inside functions count, and so do those that only types need.
"""

import ast
from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ORDER = (
    "errors", "frozen", "ops", "units", "display", "accounting", "priors", "runs", "laws", "noise",
    "datasets", "model", "fitting", "forecasting", "schedules", "decisions", "validation", "trust",
    "comparison", "plots", "reporting", "cli",
)  # fmt: skip
RANK = {name: rank for rank, name in enumerate(ORDER)}

PACKAGE = Path(__file__).resolve().parents[1] / "bayes_scaling"
# The package's own `__init__` and `__main__` hand out what is in the others.
FILES = sorted(file for file in PACKAGE.rglob("*.py") if not file.name.startswith("__main"))
MODULES = {
    ".".join(file.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__"): file
    for file in FILES
    if file.parent != PACKAGE or file.name != "__init__.py"
}


def layer_of(module: str) -> str:
    return module.split(".")[1] if "." in module else module


def imported(source: str) -> Iterator[str]:
    """Modules of the package that a source imports, if only for types."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Import(names=names):
                found = [alias.name for alias in names]
            case ast.ImportFrom(module=str(module), names=names):
                deeper = [f"{module}.{alias.name}" for alias in names]
                found = [name if name in MODULES else module for name in deeper]
                if module == "bayes_scaling":
                    found = deeper
            case _:
                continue
        yield from (name for name in found if name.split(".")[0] == "bayes_scaling")


def wrong_imports(layer: str, source: str) -> list[str]:
    return [
        f"{layer} imports {other}"
        for other in map(layer_of, imported(source))
        if other != layer and RANK.get(other, len(RANK)) >= RANK[layer]
    ]


def circle(modules: Mapping[str, str]) -> list[str]:
    """Modules, by their sources, that import each other in a circle."""
    graph = {
        name: {other for other in imported(source) if other in modules} - {name}
        for name, source in modules.items()
    }
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def test_every_folder_has_a_place_in_the_order() -> None:
    assert {layer_of(name) for name in MODULES} == set(ORDER)


@pytest.mark.parametrize("module", MODULES)
def test_imports_go_to_earlier_folders(module: str) -> None:
    assert wrong_imports(layer_of(module), MODULES[module].read_text(encoding="utf-8")) == []


def test_no_modules_import_each_other() -> None:
    sources = {name: file.read_text(encoding="utf-8") for name, file in MODULES.items()}
    assert circle(sources) == []


@pytest.mark.parametrize(
    ("layer", "source", "wrong"),
    [
        ("runs", "from bayes_scaling.fitting.fit import fit", ["runs imports fitting"]),
        ("runs", "import bayes_scaling.model as m", ["runs imports model"]),
        ("runs", "from bayes_scaling import ops, plots", ["runs imports plots"]),
        ("runs", "def f():\n    from bayes_scaling.laws import Law", ["runs imports laws"]),
        ("runs", "import bayes_scaling", ["runs imports bayes_scaling"]),
        ("runs", "from bayes_scaling import Prior", ["runs imports Prior"]),
        ("datasets", "from bayes_scaling.model.surface import Surface", ["datasets imports model"]),
        ("datasets", "from bayes_scaling.noise import LogNormal", []),
        ("laws", "from bayes_scaling.laws.law import Law\nimport numpy", []),
        ("runs", "if TYPE_CHECKING:\n    from bayes_scaling import laws", ["runs imports laws"]),
    ],
)
def test_wrong_imports_are_found(layer: str, source: str, wrong: list[str]) -> None:
    assert wrong_imports(layer, source) == wrong


def test_circles_are_found() -> None:
    one, other = "bayes_scaling.units", "bayes_scaling.ops"
    there = f"if TYPE_CHECKING:\n    from {other} import log"
    assert circle({one: there, other: f"import {one}"})
    assert not circle({one: there, other: "import numpy"})
