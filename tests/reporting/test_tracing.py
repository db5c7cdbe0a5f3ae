import numpy as np
import pytest

from bayes_scaling import ops
from bayes_scaling.reporting.tracing import Untraceable, traced


def test_a_line_is_written_once() -> None:
    code = traced(lambda x: ops.exp(x[0]) + ops.exp(x[0]) * 2.0, 1)
    assert code.count("Math.exp") == 1


def test_numbers_are_written_as_javascript_reads_them() -> None:
    code = traced(lambda x: ops.maximum(x[0] - -2, -np.inf, np.float64(1e-300), np.array(3)), 1)
    assert "(a0[0] - (-2.0))" in code
    assert "(-Infinity)" in code
    assert "1e-300" in code
    assert "3.0" in code


def test_a_choice_by_a_condition() -> None:
    code = traced(lambda x: ops.where((x[0] > 1) == (x[1] <= 2), x[0], 0), 2)
    assert "(t0 === t1)" in code
    assert "(t2 ? a0[0] : 0.0)" in code


@pytest.mark.parametrize(
    ("formula", "reason"),
    [
        (lambda x: 1.0 if x[0] > 0 else 2.0, "it decides by the value of a term"),
        (lambda x: float(x[0]), "it needs the value of a term as a number"),
        (lambda x: np.sin(x[0]), "it calls sin"),
        (lambda x: np.sum([1.0, 2.0]) + np.add.reduce(x[0]), "in a way that has no JavaScript"),
        (lambda x: np.exp(x[0], where=True), "in a way that has no JavaScript"),
        (lambda x: np.percentile(x[0], 50), "it calls percentile"),
        (lambda x: x[0] + "1", "it uses str, which is no number"),
        (lambda x: x[0].mean(), "AttributeError"),
        (lambda x: np.ones(3) * x[0], "it uses ndarray"),
    ],
)
def test_what_has_no_javascript_is_said(formula, reason: str) -> None:
    with pytest.raises(Untraceable, match=reason):
        traced(formula, 1)


def test_no_name_reaches_the_code() -> None:
    hostile = "x; alert(1)"
    code = traced(lambda x, p: {hostile: x[0]}[hostile] ** -p[0], 1, 1)
    assert "alert" not in code
