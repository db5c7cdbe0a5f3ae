"""Options of laws that name columns: what is refused, and how equations write them."""

from collections.abc import Callable
from typing import Any

import pytest

from bayes_scaling.errors import ModelError
from bayes_scaling.laws import AdditivePowerLaw, Law, PowerLaw, ProductPowerLaw
from bayes_scaling.laws.column_names import symbol


@pytest.mark.parametrize("law", [AdditivePowerLaw, ProductPowerLaw])
@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ("params", "inputs is 'params'.*one column for each name.*Write a tuple"),
        ((1, 2), r"inputs is \(1, 2\).*Write a tuple"),
        ((), r"inputs is \(\).*Name one or more"),
        (("params", "params"), "cannot be told apart.*each once"),
        (("params", "loss"), "holds 'loss'.*is what the law describes.*Give input columns"),
        (("test tokens",), "holds 'test tokens'.*letters, digits and underscores"),
    ],
)
def test_columns_that_cannot_be_inputs(
    law: Callable[[Any], Law], columns: Any, message: str
) -> None:
    with pytest.raises(ModelError, match=message):
        law(columns)


@pytest.mark.parametrize("column", [("params",), 3, "loss", "a-b"])
def test_a_power_law_takes_one_column(column: Any) -> None:
    with pytest.raises(ModelError, match="PowerLaw: input"):
        PowerLaw(column)


def test_a_list_of_columns_as_it_comes_from_a_file_is_the_same_law() -> None:
    listed = ["params", "steps"]
    assert AdditivePowerLaw(listed) == AdditivePowerLaw(("params", "steps"))  # type: ignore[arg-type]
    assert hash(ProductPowerLaw(listed)) == hash(ProductPowerLaw(("params", "steps")))  # type: ignore[arg-type]


def test_symbols_of_the_papers_and_of_other_columns() -> None:
    assert [symbol(name) for name in ("params", "tokens", "flops", "steps")] == ["N", "D", "C", "S"]
    assert symbol("test_tokens") == r"\mathrm{test\,tokens}"
