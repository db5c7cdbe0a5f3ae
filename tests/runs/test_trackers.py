from bayes_scaling.runs.sources.choices import renamed_choices
from bayes_scaling.runs.sources.trackers import distinct_names, short_names


def test_a_kind_is_left_out_where_the_name_alone_is_unambiguous() -> None:
    columns = ["params.lr", "metrics.lr", "metrics.a.b", "tags.run", "run", "other.x", "params."]
    assert short_names(columns, ("params", "metrics", "tags")) == {"metrics.a.b": "a.b"}


def test_choices_may_name_columns_with_their_kind() -> None:
    names = {"params.n": "n", "params.lr": "lr"}
    choices = renamed_choices(
        {"params": "params.n", "flops": False, "inputs": {"rate": "params.lr"}, "factors": ["x"]},
        names,
    )
    assert choices == {
        "params": "n", "flops": False, "inputs": {"rate": "lr"}, "factors": {"x": "x"},
    }  # fmt: skip


def test_names_that_repeat_or_are_missing_get_the_start_of_the_key() -> None:
    keys = ["0123456789", "1", "2", "3"]
    assert distinct_names(["a", "a", "b", ""], keys) == ["a (01234567)", "a (1)", "b", "(3)"]
    assert distinct_names(["a", "a"], ["sweep-1-0", "sweep-1-1"]) == [
        "a (sweep-1-0)",
        "a (sweep-1-1)",
    ]
