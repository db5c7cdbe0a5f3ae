"""A PyMC model as machine code, compiled in seconds and kept on disk for the next process.

nutpie enters the log density by a C function that unpacks the model's data with generic code. Numba
takes 5 to 10 s to compile that, in every process, and longer the more data there are. Here the same
function is written out for the model at hand: it compiles in a second, and is kept where PyTensor
keeps its own (``pytensor.config.base_compiledir``). Freshly compiled or read from there it may
differ in the last digit, so that a seed fixes the draws of all processes but the first.

PyTensor compiles each operation of the graph once for each place it stands in, within a function of
its own that is kept on disk. Here operations of one kind share their function, and only the whole
graph is kept: two fifths less to compile.
"""

from __future__ import annotations

import ctypes
import math
from collections.abc import Hashable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from hashlib import sha256
from types import ModuleType
from typing import Any
from uuid import uuid4

import numba
import numpy as np
import nutpie
import pymc as pm
import pytensor
from nutpie import compile_pymc
from pytensor.graph.basic import Apply
from pytensor.link.numba.cache import CACHED_SRC_FUNCTIONS, compile_numba_function_src
from pytensor.link.numba.dispatch import basic

LOG_DENSITY = """\
def log_density(dim, x, gradient, value, data):
{head}
    try:
        found, slope = inner(*({joined}))
    except Exception:
        return 1
    value[0] = found[()]
    if count != 0:
        own = np.empty(count)
        for i in range(count):
            own[i] = slope[numbers[i]]
        own = spread.T @ own
        for i in range(count):
            slope[numbers[i]] = own[i]
    finite = True
    for i in range({dim}):
        gradient[i] = slope[i]
        finite &= isfinite(slope[i])
    if not finite:
        return 3
    return 0 if isfinite(value[0]) else 4
"""
"""Source of the density, as nutpie asks for it: 0, or the reason why a point has none."""

VARIABLES = """\
def variables(dim, expanded, x, out, data):
{head}
    try:
        (values,) = inner(*({joined}))
    except Exception:
        return -2
    for i in range(len(values)):
        out[i] = values[i]
    return 0
"""
"""Source of what gives the variables that are kept of a draw."""

POINT = """\
    words = numba.carray(data, ({words},), np.int64)
    point = numba.carray(x, ({dim},)).copy()
    count = words[{map}]
    if count != 0:
        numbers = numba.carray(as_pointer(words[{map} + 1]), (count,), np.int64)
        centre = numba.carray(as_pointer(words[{map} + 2]), (count,), np.float64)
        spread = numba.carray(as_pointer(words[{map} + 3]), (count, count), np.float64)
        part = np.empty(count)
        for i in range(count):
            part[i] = point[numbers[i]]
        part = centre + spread @ part
        for i in range(count):
            point[numbers[i]] = part[i]
"""
"""The point on the scale of the model's variables, from coordinates if it is given by them."""

MAP = ("map", np.int64, (4,))
"""Field of a model's data: how many of its numbers are given by coordinates, and the addresses of
their places, centre and spread."""

_NUMBERS = "CPointer(float64)"

MOST_TOGETHER = 24
"""Arguments written out in one tuple: Python builds longer ones by a list, which Numba cannot."""


def compile_model(model: pm.Model) -> Any:
    """Compile a model as ``nutpie.compile_pymc_model`` does, in less time."""
    # Priors check their numbers when they are made. Checks in the graph cost a tenth of it.
    model.check_bounds = False
    with _quick_compilation():
        found = nutpie.compile_pymc_model(model, cache=pytensor.config.numba__cache)
    own = found.user_data
    record = np.dtype([(name, own.dtype[name]) for name in own.dtype.names] + [MAP])
    data = np.zeros((), record)
    data[list(own.dtype.names)] = own
    return replace(found, user_data=data)


def in_coordinates(
    compiled: Any, numbers: np.ndarray, centre: np.ndarray, spread: np.ndarray
) -> Any:
    """A compiled model of which some numbers are ``centre + spread @ coordinates``.

    Parameters
    ----------
    compiled : nutpie's compiled PyMC model
        With its data; that of another cannot be put into the model returned.
    numbers : numpy.ndarray of int, dims (number,)
        Places of these numbers in a point.
    centre : numpy.ndarray, dims (number,)
    spread : numpy.ndarray, dims (number, coordinate)
    """
    parts = (("numbers", numbers), ("centre", centre), ("spread", spread))
    kept = {name: np.ascontiguousarray(values) for name, values in parts}
    data = compiled.user_data.copy()
    data[MAP[0]] = len(numbers), *(values.ctypes.data for values in kept.values())
    # The record has addresses only: arrays live as long as the model that they are data of.
    return replace(compiled, user_data=data, shared_data={**compiled.shared_data, **kept})


def density_at(compiled: Any, point: np.ndarray) -> tuple[int, float, np.ndarray]:
    """Code (0 if there is a density), log density and gradient of a compiled model at a point."""
    gradient, value = np.zeros_like(point), np.zeros(1)
    pointer = ctypes.POINTER(ctypes.c_double)
    arrays = (array.ctypes.data_as(pointer) for array in (point, gradient, value))
    data = ctypes.c_void_p(compiled.user_data.ctypes.data)
    code = compiled.compiled_logp_func.ctypes(len(point), *arrays, data)
    return code, float(value[0]), gradient


@contextmanager
def _quick_compilation() -> Iterator[None]:
    entries = {"_make_c_logp_func": _enter_density, "_make_c_expand_func": _enter_variables}
    operations = {"numba_funcify_ensure_cache": partial(_of_its_kind, {})}
    # PyTensor gives no keys, by which operations are told apart, where it keeps nothing on disk.
    keyed = operations if pytensor.config.numba__cache else {}
    with _replaced(compile_pymc, entries), _replaced(basic, keyed):
        yield


@contextmanager
def _replaced(module: ModuleType, ours: dict[str, Any]) -> Iterator[None]:
    theirs = {name: getattr(module, name) for name in ours}
    try:
        vars(module).update(ours)
        yield
    finally:
        vars(module).update(theirs)


def _of_its_kind(
    known: dict[Hashable, Any], operation: Any, node: Apply | None = None, **options: Any
) -> tuple[Any, str | None]:
    """The function of an operation, the one of its kind if it is known, and PyTensor's key of it.

    The key tells operations apart but for what Numba sees of their arguments.
    """
    found, key = basic.numba_funcify_and_cache_key(operation, node=node, **options)
    if key is None:
        return found, None
    if node is None:  # A whole graph, which is kept on disk by its key.
        CACHED_SRC_FUNCTIONS[found.py_func] = key
        return found, key
    types = [x.type for x in node.inputs]
    given = [(type(x), getattr(x, "dtype", ""), getattr(x, "ndim", 0)) for x in types]
    return known.setdefault((key, *given), found), key


def _enter_density(dim: int, *graph: Any) -> tuple[Any, str]:
    signature = f"int64(uint64, {_NUMBERS}, {_NUMBERS}, {_NUMBERS}, voidptr)"
    return _entered("log_density", LOG_DENSITY, dim, *graph), signature


def _enter_variables(dim: int, _expanded: int, *graph: Any) -> tuple[Any, str]:
    signature = f"int64(uint64, uint64, {_NUMBERS}, {_NUMBERS}, voidptr)"
    return _entered("variables", VARIABLES, dim, *graph), signature


def _entered(
    name: str,
    source: str,
    dim: int,
    inner: Any,
    layout: np.ndarray,
    keys: Sequence[str],
    data: dict[str, np.ndarray],
) -> Any:
    """The function of this source about the compiled graph `inner`."""
    arguments = _arguments(dim, layout.dtype, keys, data)
    return _function(name, source.format(dim=dim, **arguments), inner)


def _arguments(
    dim: int, layout: np.dtype[Any], keys: Sequence[str], data: dict[str, np.ndarray]
) -> dict[str, str]:
    """Arguments of the compiled graph as code: the point, then an array for each datum.

    Lines that make the point and tuples of all of them, and the sum of these. Of the words of the
    data the map of coordinates is the last.

    The layout is a record of 8-byte words, among them each array's address and shape.
    """
    arguments, words = ["point"], layout.itemsize // 8
    for key in keys:
        address = _word(layout, "data", key)
        first = _word(layout, "shape", key)
        shape = "".join(f"words[{first + axis}], " for axis in range(data[key].ndim))
        dtype = data[key].dtype.name
        arguments.append(f"numba.carray(as_pointer(words[{address}]), ({shape}), np.{dtype})")
    parts = [arguments[i : i + MOST_TOGETHER] for i in range(0, len(arguments), MOST_TOGETHER)]
    lines = [f"    part{number} = ({', '.join(part)},)" for number, part in enumerate(parts)]
    joined = " + ".join(f"part{number}" for number in range(len(parts)))
    point = POINT.format(dim=dim, map=words, words=words + MAP[2][0])
    return {"head": "\n".join([point, *lines]), "joined": joined}


def _word(layout: np.dtype[Any], field: str, key: str) -> int:
    """The word at which a field of a datum begins."""
    offset, record = 0, layout
    for name in ("shared", field, key):
        assert record.fields is not None
        record, start = record.fields[name][:2]
        offset += start
    return offset // 8


def _function(name: str, source: str, inner: Any) -> Any:
    """The function of this source, which Numba keeps by the source and PyTensor's key of the graph.

    A graph without a key cannot be told from others, and is compiled in each process.
    """
    graph = CACHED_SRC_FUNCTIONS.get(inner.py_func, uuid4().hex)
    names = {
        "__name__": __name__,  # Numba imports the module of what it reads from disk.
        "numba": numba,
        "as_pointer": compile_pymc.address_as_void_pointer,
        "isfinite": math.isfinite,
        "np": np,
        "inner": basic.numba_njit(inner.py_func),  # Without what Python would enter it by.
    }
    versions = f"{pytensor.__version__} {nutpie.__version__} {__name__}"
    key = sha256(f"{versions} {graph} {source}".encode()).hexdigest()
    return compile_numba_function_src(source, name, names, cache_key=key)
