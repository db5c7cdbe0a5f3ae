import sys
from pathlib import Path

import pytest

from bayes_scaling.errors import BayesScalingError, MissingPackageError
from bayes_scaling.runs.sources.optional import require


def test_a_package_that_is_there_is_imported() -> None:
    assert require("json.decoder", extra="none", purpose="").JSONDecodeError


def test_a_package_that_is_missing_is_named_with_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "mlflow", None)
    message = r'mlflow is not installed\. It is read\. .*pip install "bayes_scaling\[mlflow\]"'
    with pytest.raises(MissingPackageError, match=message) as caught:
        require("mlflow", extra="mlflow", purpose="It is read.")
    assert isinstance(caught.value, BayesScalingError)
    assert isinstance(caught.value, ImportError)


def test_a_package_that_lacks_one_of_its_own_keeps_its_traceback(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "half_installed.py").write_text("import surely_not_installed", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ModuleNotFoundError, match="surely_not_installed") as caught:
        require("half_installed", extra="none", purpose="")
    assert not isinstance(caught.value, MissingPackageError)
