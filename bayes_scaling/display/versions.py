"""Versions of installed packages, as results and documents name them."""

from importlib import metadata


def installed_version(name: str) -> str:
    """Version of a package on this machine.

    Examples
    --------
    >>> installed_version("no-such-package")
    '0+unknown'
    """
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:  # a source tree on sys.path
        return "0+unknown"
