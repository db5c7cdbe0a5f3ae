"""Constraints: what can hold together, and how it is shown."""

import pytest

import bayes_scaling as bs
from bayes_scaling.errors import RunsError


def test_they_show_what_is_set() -> None:
    assert repr(bs.Constraints()) == "Constraints()"
    assert bs.Constraints().given == {}
    menu = bs.Constraints(sizes=(7e9, 1e9, 7e9), max_tokens=1e12)
    assert repr(menu) == "Constraints(max_tokens=1e+12, sizes=(1e+09, 7e+09))"


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"max_params": 0.0}, r"max_params holds 0\.0, and no run has that many"),
        ({"sizes": (1e9, float("nan"))}, "sizes holds nan"),
        ({"min_params": 2e9, "max_params": 1e9}, r"min_params=2e\+09 is above max_params=1e\+09"),
        ({"min_tokens": 2e9, "max_tokens": 1e9}, r"min_tokens=2e\+09 is above"),
        ({"tokens_per_param": 20, "max_params": 1e9}, "Give tokens_per_param by itself"),
    ],
)
def test_what_cannot_be_kept_to_is_refused(given: dict[str, float], message: str) -> None:
    with pytest.raises(RunsError, match=message):
        bs.Constraints(**given)  # type: ignore[arg-type]
