"""Import of optional packages, with an error that names their extra.

Owns the message that says what to install. Which extras there are is settled in pyproject.toml.
"""

from importlib import import_module
from types import ModuleType

from bayes_scaling.errors import MissingPackageError


def require(module: str, *, extra: str, purpose: str) -> ModuleType:
    """Import a module of an optional package.

    Parameters
    ----------
    module
        Its full name, such as "pyarrow.dataset".
    extra
        The extra of this package that installs it.
    purpose
        The sentence that says what it is needed for.

    Raises
    ------
    MissingPackageError
        The package is not installed.

    Examples
    --------
    >>> require("json", extra="none", purpose="Objects are written with it.").dumps([1])
    '[1]'
    """
    package = module.partition(".")[0]
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        # A package that is there and lacks one of its own has another cure: its traceback stays.
        if (error.name or "").partition(".")[0] != package:
            raise
        raise MissingPackageError(
            f"{package} is not installed. {purpose} "
            f'Install it with pip install "bayes_scaling[{extra}]".'
        ) from error
