"""Imports inside the package point one way: to what stands earlier in `ORDER`.

Imports inside functions count; those under ``if TYPE_CHECKING:`` do not, they never run.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

# Earlier lines first, and within a line from left to right. A folder is one entry.
ORDER = (
    ("errors", "_optional", "_wording", "_display", "_progress"),
    ("ops", "units", "accounting"),
    ("priors",),
    ("runs",),
    ("laws",),
    ("hierarchy",),
    ("noise",),
    ("_replicates", "_inputs", "_axes", "surface"),
    ("_model_checks", "model", "posterior", "_reach", "_loss_surface"),
    ("_compiling", "sampling"),
    ("datasets",),
    ("points", "_tree", "_diagnostics", "_intervals", "_fit_file", "fitting"),
    ("_results", "_same_runs", "averaging", "_mixture", "forecasting"),
    ("_optimise", "costs", "decisions"),
    ("trust",),
    ("comparison",),
    ("plots",),
    ("reporting",),
    ("_printing", "demo", "examples"),
    ("cli",),
)
RANK = {name: rank for rank, name in enumerate(name for line in ORDER for name in line)}
# Data sets are values for any later layer to read, and know nothing of models.
CEILING = {"datasets": "noise"}
EXEMPT = {"__init__", "__main__"}

PACKAGE = Path(__file__).resolve().parents[1] / "bayes_scaling"
FILES = sorted(PACKAGE.rglob("*.py"))


def layer_of(file: Path) -> str:
    return file.relative_to(PACKAGE).with_suffix("").parts[0]


def running(node: ast.AST) -> Iterator[ast.AST]:
    if isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING"):
        children = node.orelse
    else:
        children = list(ast.iter_child_nodes(node))
    for child in children:
        yield child
        yield from running(child)


def imported_layers(source: str) -> Iterator[str]:
    for node in running(ast.parse(source)):
        match node:
            case ast.Import(names=names):
                modules = [alias.name for alias in names]
            case ast.ImportFrom(module="bayes_scaling", names=names):
                modules = [f"bayes_scaling.{alias.name}" for alias in names]
            case ast.ImportFrom(module=str(module)):
                modules = [module]
            case _:
                continue
        for module in modules:
            package, *rest = module.split(".")
            if package == "bayes_scaling":
                yield rest[0] if rest else "__init__"


def wrong_imports(layer: str, source: str) -> list[str]:
    limit = RANK[CEILING[layer]] + 1 if layer in CEILING else RANK[layer]
    return [
        f"{layer} imports {other}"
        for other in imported_layers(source)
        if other != layer and RANK.get(other, len(RANK)) >= limit
    ]


def test_every_module_has_a_place_in_the_order() -> None:
    layers = {layer_of(file) for file in FILES}
    assert "model" in layers
    assert layers - EXEMPT - set(RANK) == set()


@pytest.mark.parametrize(
    "file", [file for file in FILES if layer_of(file) in RANK], ids=lambda file: file.stem
)
def test_imports_go_to_earlier_layers(file: Path) -> None:
    assert wrong_imports(layer_of(file), file.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("layer", "source", "wrong"),
    [
        ("runs", "from bayes_scaling.fitting import fit", ["runs imports fitting"]),
        ("runs", "import bayes_scaling.model as m", ["runs imports model"]),
        ("runs", "from bayes_scaling import ops, plots", ["runs imports plots"]),
        ("runs", "def f():\n    from bayes_scaling.laws import Law", ["runs imports laws"]),
        ("runs", "import bayes_scaling", ["runs imports __init__"]),
        ("runs", "from bayes_scaling import Prior", ["runs imports Prior"]),
        ("datasets", "from bayes_scaling.model import ScalingModel", ["datasets imports model"]),
        ("datasets", "from bayes_scaling.noise import LogNormal", []),
        ("fitting", "from bayes_scaling.datasets import load", []),
        ("laws", "from bayes_scaling.laws._base import Law\nimport numpy", []),
        ("runs", "if TYPE_CHECKING:\n    from bayes_scaling.model import ScalingModel", []),
        ("runs", "if x:\n    pass\nelse:\n    import bayes_scaling.cli", ["runs imports cli"]),
    ],
)
def test_the_check_itself_finds_wrong_imports(layer: str, source: str, wrong: list[str]) -> None:
    assert wrong_imports(layer, source) == wrong
