"""The errors of this package, under one base class.

Owns the exception types, and the check of an argument's type; the module that finds any other
problem writes its message. Every message has three parts: what is wrong with the value found, why
it matters, what to do.
"""

__all__ = [
    "BayesScalingError", "DatasetError", "FitFileError", "IncompletePosteriorError",
    "MissingPackageError", "ModelError", "RunsError", "SealError", "UnknownLawError",
]  # fmt: skip


def check_kind(
    asker: str, argument: str, value: object, kind: type | tuple[type, ...], example: str
) -> None:
    """Refuse an argument that is not of the kind that is read, such as text for an object.

    Raises
    ------
    ModelError
        It is of another type; None is left to its default.
    """
    if value is None or isinstance(value, kind):
        return
    raise ModelError(
        f"{asker}: {argument} is of type {type(value).__name__}, which cannot be read here. "
        f"Give {argument}={example}."
    )


class BayesScalingError(Exception):
    """Base of all errors of this package."""


class RunsError(BayesScalingError, ValueError):
    """A table of training runs cannot be used as it is."""


class ModelError(BayesScalingError, ValueError):
    """The specification of a law, a prior, a pooled term or the noise does not hold together."""


class UnknownLawError(BayesScalingError, KeyError):
    """No law has the name asked for."""

    # A KeyError prints the repr of its message, quotes and all.
    __str__ = Exception.__str__


class IncompletePosteriorError(BayesScalingError, RuntimeError):
    """Sampling gave draws that are truncated, not finite or stuck, so nothing is returned."""


class FitFileError(BayesScalingError, ValueError):
    """A file is not a fit saved by this package, or cannot be read as one."""


class SealError(BayesScalingError, ValueError):
    """A sealed forecast was changed, would be replaced, or cannot be read or scored as one."""


class DatasetError(BayesScalingError, RuntimeError):
    """A published data set cannot be fetched, or is not the file it should be."""


class MissingPackageError(BayesScalingError, ImportError):
    """A package that only this feature needs is not installed."""
