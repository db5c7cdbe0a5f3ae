"""Pages of the API: one for each module that `bayes_scaling` names, and one for each name."""

import inspect
import pkgutil
import re
from importlib import import_module
from types import ModuleType
from typing import TypeAliasType

import bayes_scaling as bs

NAMED = re.findall(r"`(?:bayes_scaling\.)?(\w+)`", bs.__doc__)
"""Names in the order in which the package presents them."""

MODULES = tuple(
    name
    for name in dict.fromkeys(NAMED)
    if name in {module.name for module in pkgutil.iter_modules(bs.__path__)}
)

PAGED_BASES = "Law, CurveLaw, Noise, LocationScale, Exception"
"""Bases whose members are not shown again at each class: they have a page of their own."""

ON_ONE_PAGE = frozenset({"units", "ops", "errors"})
"""Modules whose names are so short that they stand together."""


def write(folder):
    """Write all pages into a folder."""
    folder.mkdir(parents=True)
    missing = set(bs.__all__) - {*NAMED, "__version__"}
    if missing:
        raise ValueError(f"the docstring of bayes_scaling does not name {', '.join(missing)}")
    known = {}
    _write_module(folder, "bayes_scaling", bs, known, listed=False)
    for name in MODULES:
        module = import_module(f"bayes_scaling.{name}")
        if name in ON_ONE_PAGE:
            text = f".. automodule:: {module.__name__}\n{_without_types(module)}"
            _page(folder, module.__name__, f"bs.{name}", text)
        else:
            _write_module(folder, module.__name__, module, known, listed=True)
    entries = "\n".join(f"   bayes_scaling.{name}" for name in MODULES)
    top = f".. toctree::\n   :maxdepth: 1\n\n   bayes_scaling\n{entries}\n"
    _page(folder, "index", "Reference", top)


def class_names():
    """Classes by the short names that docstrings give as types."""
    homes = [import_module(f"bayes_scaling.{name}") for name in MODULES]
    found = {}
    for module in (bs, *homes):
        for name in getattr(module, "__all__", ()):
            if inspect.isclass(getattr(module, name)):
                found.setdefault(name, f"{module.__name__}.{name}")
    return found


def _write_module(folder, path, module, known, *, listed):
    """A module's own words, and a page for each of its names that has none yet."""
    shown, new = [], []
    for name in module.__all__:
        value = getattr(module, name)
        if module is bs and isinstance(value, ModuleType):
            continue
        if not (inspect.isclass(value) or inspect.isroutine(value) or inspect.ismodule(value)):
            continue
        if id(value) not in known:
            known[id(value)] = f"{path}.{name}"
            new.append(f"{path}.{name}")
            _page(folder, f"{path}.{name}", name, _documented(path, name, value))
        first = inspect.getdoc(value).split("\n\n")[0].replace("\n", " ")
        shown.append(f"   * - :py:obj:`~{known[id(value)]}`\n     - {first}")
    parts = [f".. automodule:: {path}\n   :no-members:\n"]
    if listed:
        parts.append("\n".join([".. list-table::\n", *shown]) + "\n")
    if new:
        stubs = "\n".join(f"   {name}" for name in new)
        parts.append(f".. toctree::\n   :hidden:\n\n{stubs}\n")
    reached = module is bs or path.removeprefix("bayes_scaling.") in bs.__all__
    title = path.replace("bayes_scaling", "bs") if reached else path
    _page(folder, path, title, "\n".join(parts))


def _without_types(module):
    """Leave out aliases of types: some name classes that are imported for type checkers only."""
    aliases = [name for name, one in vars(module).items() if isinstance(one, TypeAliasType)]
    return f"   :exclude-members: {', '.join(aliases)}\n" if aliases else ""


def _documented(path, name, value):
    if isinstance(value, ModuleType):
        return f".. automodule:: {path}.{name}\n"
    if not inspect.isclass(value):
        return f".. currentmodule:: {path}\n\n.. autofunction:: {name}\n"
    shown = f".. autoclass:: {name}\n   :inherited-members: {PAGED_BASES}\n"
    return f".. currentmodule:: {path}\n\n{shown}"


def _page(folder, stem, title, text):
    content = f"{title}\n{'=' * len(title)}\n\n{text}"
    (folder / f"{stem}.rst").write_text(content, encoding="utf-8")
