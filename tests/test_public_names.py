"""`__all__`, the lazy names, the names type checkers see and `dir()` are the same."""

import ast
import builtins
import inspect
import re
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

import bayes_scaling

SOURCE = Path(bayes_scaling.__file__)
MODULES = {file.stem for file in SOURCE.parent.iterdir() if not file.name.startswith("__")}


def names_type_checkers_see() -> set[str]:
    tree = ast.parse(SOURCE.read_text(encoding="utf-8"))
    block = next(node for node in tree.body if isinstance(node, ast.If))
    imported = {
        alias.asname or alias.name
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    declared = {
        node.target.id
        for node in block.body
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)
    }
    return imported | declared


def test_the_lists_of_public_names_agree() -> None:
    lazy = bayes_scaling._MODULES | set(bayes_scaling._HOMES) | {"__version__"}
    assert len(bayes_scaling.__all__) == len(set(bayes_scaling.__all__))
    assert set(bayes_scaling.__all__) == lazy == names_type_checkers_see()
    assert dir(bayes_scaling) == sorted(lazy)


@pytest.mark.parametrize("name", bayes_scaling.__all__)
def test_public_names_resolve(name: str) -> None:
    value = getattr(bayes_scaling, name)
    assert isinstance(value, ModuleType) == (name in bayes_scaling._MODULES)
    if inspect.isclass(value) or inspect.isfunction(value):
        assert value.__name__ == name
        assert inspect.getdoc(value)


def test_no_public_function_shares_its_name_with_a_module() -> None:
    assert "model" in MODULES
    assert set(bayes_scaling._HOMES) & MODULES == set()


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match=r"'bayes_scaling' has no attribute 'forecasts'"):
        bayes_scaling.forecasts  # noqa: B018


def test_version_is_that_of_the_installed_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.metadata.version", {"bayes_scaling": "9.8.7"}.__getitem__)
    assert bayes_scaling.__version__ == "9.8.7"


def test_a_tree_that_is_not_installed_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    from importlib.metadata import PackageNotFoundError

    def missing(name: str) -> str:
        raise PackageNotFoundError(name)

    monkeypatch.setattr("importlib.metadata.version", missing)
    assert bayes_scaling.__version__ == "0+unknown"


def test_importing_the_package_imports_no_heavy_library() -> None:
    code = (
        "import sys, bayes_scaling\n"
        "heavy = {'pymc', 'pytensor', 'arviz', 'nutpie', 'matplotlib', 'pandas', 'xarray'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    finished = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=SOURCE.parents[1]
    )
    assert finished.returncode == 0, finished.stderr
    assert finished.stdout.strip() == "[]"


HOMES_OF_RESULTS = ("forecasting", "comparison")
"""Modules that the package's docstring names, and that are imported by their full names."""


def public_values() -> Iterator[object]:
    """What users reach: the names at the top, and those of the modules that it names."""
    homes = [import_module(f"bayes_scaling.{name}") for name in HOMES_OF_RESULTS]
    for value in [*(getattr(bayes_scaling, name) for name in bayes_scaling.__all__), *homes]:
        yield value
        yield from (getattr(value, name) for name in getattr(value, "__all__", ()))


@pytest.mark.parametrize(
    "path",
    [
        "decisions.Allocation", "decisions.Prices", "decisions.isoflop_curves",
        "decisions.isoloss_curves", "decisions.lifetime_allocation", "decisions.marginal_returns",
        "comparison.Comparison", "comparison.FitAverage", "forecasting.SealedForecast",
        "trust.TrustReport", "errors.BayesScalingError",
    ],
)  # fmt: skip
def test_rarer_names_have_one_public_home(path: str) -> None:
    home, name = path.split(".")
    assert (
        f"`{home}`" in bayes_scaling.__doc__ or f"`bayes_scaling.{home}`" in bayes_scaling.__doc__
    )
    assert name in import_module(f"bayes_scaling.{home}").__all__
    assert not hasattr(bayes_scaling, name)


def documented(value: object) -> list[object]:
    """A public value, and the public methods of a class."""
    if not inspect.isclass(value):
        return [value]
    members = [name for name in dir(value) if not name.startswith("_")]
    return [value, *(inspect.getattr_static(value, name) for name in members)]


def test_the_errors_that_docstrings_promise_can_be_reached() -> None:
    promised = set()
    for public in public_values():
        for value in documented(public):
            section = re.search(
                r"^Raises\n-+\n(.+?)(?=^\w.*\n-{3,}|\Z)", inspect.getdoc(value) or "", re.M | re.S
            )
            lines = section[1].splitlines() if section else []
            names = [line for line in lines if line and not line.startswith(" ")]
            promised |= {one.strip() for line in names for one in line.split(",")}
    assert "RunsError" in promised
    homes = (bayes_scaling.errors, builtins)
    assert [name for name in promised if not any(hasattr(home, name) for home in homes)] == []
