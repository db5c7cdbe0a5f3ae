"""The rule that makes one verdict of many."""

import pytest

from bayes_scaling.validation.verdict import Verdict, decide, graded, worst


@pytest.mark.parametrize(
    ("verdicts", "expected"),
    [
        ([], "trust"),
        (["trust"] * 7, "trust"),
        (["trust"] * 6 + ["caution"], "caution"),
        (["caution", "trust", "caution"], "caution"),
        (["caution", "caution", "caution", "trust"], "do not trust"),
        (["trust"] * 6 + ["do not trust"], "do not trust"),
        (["caution", "do not trust"], "do not trust"),
    ],
)
def test_the_rule(verdicts: list[Verdict], expected: Verdict) -> None:
    assert decide(verdicts) == expected
    assert decide(reversed(verdicts)) == expected


def test_no_verdict_can_make_the_joint_one_better() -> None:
    for one in ("trust", "caution", "do not trust"):
        assert worst([one, "caution"]) != "trust"
        assert decide(["do not trust", one]) == "do not trust"


def test_a_number_that_is_not_known_is_a_caution() -> None:
    assert graded(float("nan"), 0.1, 0.2) == "caution"
    assert [graded(x, 0.1, 0.2) for x in (0.1, 0.11, 0.2, 0.21)] == [
        "trust", "caution", "caution", "do not trust",
    ]  # fmt: skip
