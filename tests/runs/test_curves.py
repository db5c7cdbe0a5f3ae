from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from bayes_scaling.errors import RunsError
from bayes_scaling.runs import Runs
from bayes_scaling.runs.sources.reducing import Final

# Of the fixture `curves`.
RUNS = 6
CHECKPOINTS = 100


def losses(runs: Runs) -> dict[str, float]:
    return dict(runs.table["loss"].sort_index())


def table(runs: Runs) -> pd.DataFrame:
    return runs.table.sort_index()


# What becomes the loss --------------------------------------------------------------------------


def test_the_last_checkpoint_is_the_run(curves: pd.DataFrame) -> None:
    runs = Runs.from_curves(curves, factors=("corpus",))
    expected = curves.dropna().sort_values("step").groupby("run").last()
    found = table(runs)
    assert list(found.index) == list(expected.index)
    for name, source in (("loss", "val/loss"), ("params", "N"), ("tokens", "tokens")):
        np.testing.assert_array_equal(found[name], expected[source])
    assert list(found["corpus"]) == list(expected["corpus"])
    assert runs.sources["loss"] == "last of column 'val/loss'"
    assert runs.scales_by_hand == {}


def test_the_best_checkpoint_after_the_warm_up(curves: pd.DataFrame) -> None:
    curves.loc[(curves["run"] == "run-2") & (curves["step"] == 10), "val/loss"] = 0.5
    runs = Runs.from_curves(curves, final="best")
    after = curves[curves["step"] >= 0.1 * 2 * CHECKPOINTS].dropna()
    best = after.loc[after.groupby("run")["val/loss"].idxmin()].set_index("run")
    np.testing.assert_array_equal(table(runs)["loss"], best["val/loss"])
    np.testing.assert_array_equal(table(runs)["tokens"], best["tokens"])
    biased, earlier, *_ = runs.notes
    assert "is the best of" in biased
    assert "biased" in biased
    assert "the best checkpoint is not the last one" in earlier
    assert losses(Runs.from_curves(curves, final="best", warmup=0))["run-2"] == 0.5


def test_the_best_accuracy_is_the_highest_and_of_equals_the_earliest() -> None:
    curves = pd.DataFrame(
        {"run": "a", "tokens": [1.0, 2, 3, 4], "N": 1e8, "acc": [0.2, 0.9, 0.9, 0.3]}
    )
    runs = Runs.from_curves(curves, final="best", response="accuracy")
    assert runs.table.loc["a", ["loss", "tokens"]].tolist() == [0.9, 2.0]
    with pytest.raises(RunsError, match="not known whether high or low values are good"):
        Runs.from_curves(curves, final="best", response="metric", loss="acc")


def test_smoothed_is_the_median_of_the_window_and_forgives_a_spike(curves: pd.DataFrame) -> None:
    ends = curves["step"] >= (1 - 0.2) * 2 * CHECKPOINTS
    plain = curves[ends].groupby("run")["val/loss"].median()
    last = curves["step"] == 2 * CHECKPOINTS
    spiked = curves.assign(**{"val/loss": curves["val/loss"].where(~last, 9.0)})
    for source in (curves, spiked):
        runs = Runs.from_curves(source, final="smoothed", window=0.2)
        assert losses(runs) == pytest.approx(dict(plain), abs=0.01)
        np.testing.assert_array_equal(
            table(runs)["tokens"], curves[last].sort_values("run")["tokens"]
        )
    exact = Runs.from_curves(curves, final="smoothed", window=0.2)
    np.testing.assert_array_equal(table(exact)["loss"], plain)


def test_a_window_of_few_checkpoints_is_noted(curves: pd.DataFrame) -> None:
    few = Runs.from_curves(curves, final="smoothed", window=0.001).notes[0]
    assert few.startswith("6 of 6 runs are smoothed over fewer than 3 checkpoints")


# Warm-up, blanks and order -----------------------------------------------------------------------


def test_warm_up_in_tokens_leaves_short_runs_out(curves: pd.DataFrame) -> None:
    runs = Runs.from_curves(curves, step=False, warmup=5e9)
    ends = curves.dropna().groupby("run")["tokens"].max()
    assert set(runs.table.index) == set(ends.index[ends >= 5e9])
    assert "no loss after the warm-up, which is over at 5B of 'tokens'" in runs.notes[0]
    with pytest.raises(RunsError, match=r"none of 6 runs .*\(warmup=1e\+12\)"):
        Runs.from_curves(curves, step=False, warmup=1e12)


def test_runs_without_any_loss_are_left_out_and_named(curves: pd.DataFrame) -> None:
    curves.loc[curves["run"] == "run-3", "val/loss"] = np.nan
    runs = Runs.from_curves(curves)
    assert len(runs) == RUNS - 1
    assert runs.notes[0] == "1 of 6 runs is left out, having no loss at all ('run-3')."


FINALS: tuple[Final, ...] = ("last", "best", "smoothed")


@pytest.mark.parametrize("final", FINALS)
def test_runs_whose_losses_stop_before_they_do_are_left_out(
    curves: pd.DataFrame, final: Final
) -> None:
    late = (curves["run"] == "run-1") & (curves["step"] > 1.9 * CHECKPOINTS)
    curves.loc[late, "val/loss"] = np.nan
    runs = Runs.from_curves(curves, lr="lr", final=final)
    assert "run-1" not in runs.table.index
    assert runs.notes[0].startswith(
        "1 of 6 runs is left out, without losses at the end of the curve ('run-1')"
    )


@pytest.mark.parametrize("final", FINALS)
@pytest.mark.parametrize("cell", [np.inf, -np.inf, "NaN", "nan", "Infinity"])
def test_a_run_that_diverged_is_left_out(curves: pd.DataFrame, final: Final, cell: object) -> None:
    last = (curves["run"] == "run-1") & (curves["step"] == 2 * CHECKPOINTS)
    curves = curves.astype({"val/loss": object})
    curves.loc[last, "val/loss"] = cell
    runs = Runs.from_curves(curves, final=final)
    assert len(runs) == RUNS - 1
    assert runs.notes[0] == (
        "1 of 6 runs is left out, having diverged: the last loss is NaN or infinite ('run-1')."
    )


@pytest.mark.parametrize("final", FINALS)
@pytest.mark.parametrize("lost", [1, 2, 4])
def test_evaluations_that_end_in_nan_are_a_divergence(final: Final, lost: int) -> None:
    evaluated = pd.DataFrame({"step": range(100, 600, 100), "loss": [4.0, 3.5, 3.2, 3.1, 3.0]})
    diverged = evaluated.assign(run="b")
    diverged.loc[5 - lost :, "loss"] = np.nan
    curves = pd.concat([evaluated.assign(run="a"), diverged]).assign(N=1e8)
    runs = Runs.from_curves(curves, final=final)
    assert list(runs.table.index) == ["a"]
    assert "('b')" in runs.notes[0]
    with pytest.raises(RunsError, match=r"none of 1 run .*, and 1 end in NaN"):
        Runs.from_curves(curves[curves["run"] == "b"], final=final)


@pytest.mark.parametrize("final", FINALS)
def test_a_run_that_recovered_from_nan_is_judged_by_its_losses(final: Final) -> None:
    losses = ["4.0", "3.5", "NaN", "3.1", "3.0"]
    curves = pd.DataFrame({"run": "a", "N": 1e8, "tokens": range(1, 6), "loss": losses})
    assert Runs.from_curves(curves, final=final, window=0.1).values("loss").tolist() == [3.0]


def test_a_loss_that_was_due_at_the_end_is_noted() -> None:
    blank = {"run": "a", "N": 1e8, "step": range(100, 700, 100)}
    curves = pd.DataFrame({**blank, "loss": [np.nan, 4, np.nan, 3, np.nan, np.nan]})
    (note,) = (n for n in Runs.from_curves(curves).notes if "was due" in n)
    assert note.startswith("1 of 1 run is without the loss that was due at the end of the curve")
    assert not any("was due" in note for note in Runs.from_curves(curves[:-1]).notes)


def test_a_last_row_of_other_metrics_is_no_divergence() -> None:
    curves = pd.DataFrame({"run": "a", "N": 1e8, "step": [100, 200, 201], "loss": [4, 3, np.nan]})
    assert losses(Runs.from_curves(curves)) == {"a": 3.0}


def test_nan_in_a_file_is_a_divergence_and_a_blank_is_a_gap(tmp_path: Path) -> None:
    rows = ["run,N,step,loss", "a,1e8,1,4", "a,1e8,2,3", "b,1e8,1,4", "b,1e8,2,NaN", "c,1e8,1,",
            "c,1e8,2,4", "d,NA,1,4", "d,1e8,2,3"]  # fmt: skip
    path = tmp_path / "c.csv"
    path.write_text("\n".join(rows), encoding="utf-8")
    runs = Runs.from_curves(path)
    assert losses(runs) == {"a": 3.0, "c": 4.0, "d": 3.0}
    assert "having diverged" in runs.notes[0]


# Row labels --------------------------------------------------------------------------------------

LABELS: dict[str, Callable[[int], object]] = {
    "repeated": lambda n: [i % 10 for i in range(n)],
    "unsorted": lambda n: range(n, 0, -1),
    "float": lambda n: [i / 7 for i in range(n)],
    "text": lambda n: [f"row {i % 3}" for i in range(n)],
    "missing": lambda n: [None if i % 2 else i for i in range(n)],
    "pairs": lambda n: pd.MultiIndex.from_tuples([(i % 3, i % 2) for i in range(n)]),
    "dates": lambda n: pd.date_range("2026-01-01", periods=n),
}


@pytest.mark.parametrize("labels", LABELS)
@pytest.mark.parametrize("final", FINALS)
def test_row_labels_play_no_part(curves: pd.DataFrame, labels: str, final: Final) -> None:
    about = curves[["run", "N", "corpus"]].drop_duplicates()
    bare = curves.drop(columns=["N", "corpus"])
    expected = Runs.from_curves(curves, final=final, factors=("corpus",)).table

    def labelled(frame: pd.DataFrame) -> pd.DataFrame:
        return frame.set_axis(pd.Index(LABELS[labels](len(frame))), axis=0)

    for given in (
        Runs.from_curves(labelled(curves), final=final, factors=("corpus",)),
        Runs.from_curves(labelled(bare), runs=labelled(about), final=final, factors=("corpus",)),
        Runs.from_frame(labelled(expected.reset_index()), factors=("corpus",)),
    ):
        pd.testing.assert_frame_equal(given.table[[*expected]], expected)


def test_curves_may_be_labelled_by_run_and_step(curves: pd.DataFrame) -> None:
    labelled = curves.set_index(["run", "step"])
    pd.testing.assert_frame_equal(Runs.from_curves(labelled).table, Runs.from_curves(curves).table)
    assert list(labelled.index.names) == ["run", "step"]
    both = curves.set_index("run", drop=False)
    pd.testing.assert_frame_equal(Runs.from_curves(both).table, Runs.from_curves(curves).table)


def test_of_a_position_logged_twice_the_later_row_holds() -> None:
    curves = pd.DataFrame(
        {"run": "a", "tokens": [1.0, 3, 2, 3], "N": 1e8, "loss": [4.0, 9.0, 3.0, 2.0]}
    )
    assert losses(Runs.from_curves(curves)) == {"a": 2.0}


# Learning rates and schedules --------------------------------------------------------------------


def test_learning_rates_that_have_not_decayed_are_noted(curves: pd.DataFrame) -> None:
    assert not any("learning rate" in note for note in Runs.from_curves(curves, lr="lr").notes)
    cut = curves[(curves["run"] != "run-0") | (curves["step"] <= CHECKPOINTS)]
    (note,) = (n for n in Runs.from_curves(cut, lr="lr").notes if "learning rate" in n)
    assert note.startswith("1 of 6 runs is at 55 % or more of the peak learning rate")
    assert "('run-0')" in note
    assert "2203.15556" in note


def test_checkpoints_of_one_schedule_are_no_finished_runs(curves: pd.DataFrame) -> None:
    planned = curves.assign(planned=2e10)
    runs = Runs.from_curves(planned, step=False, schedule="planned")
    (note,) = (n for n in runs.notes if "cut off" in n)
    assert note.startswith("All runs share one length of schedule. 5 of 6 runs are cut off")
    own = planned.assign(planned=planned.groupby("run")["tokens"].transform("max"))
    kept = Runs.from_curves(own, step=False, schedule="planned").notes
    assert not any("schedule" in note for note in kept)


def test_without_rates_and_schedules_different_lengths_are_noted(curves: pd.DataFrame) -> None:
    (note,) = (n for n in Runs.from_curves(curves, step=False).notes if "lengths" in n)
    assert "neither their learning rate nor their planned length was given" in note
    # The runs are equally long in steps.
    assert not any("lengths" in note for note in Runs.from_curves(curves).notes)


# A second table ----------------------------------------------------------------------------------


@pytest.fixture
def about(curves: pd.DataFrame) -> pd.DataFrame:
    return curves[["run", "N", "corpus"]].drop_duplicates().assign(planned=200.0, seed=1)


def test_sizes_come_from_a_second_table(
    curves: pd.DataFrame, about: pd.DataFrame, tmp_path: Path
) -> None:
    expected = Runs.from_curves(curves, factors=("corpus",))
    bare = curves.drop(columns=["N", "corpus"])
    about.to_csv(tmp_path / "runs.csv", index=False)
    for given in (about, about.set_index("run"), tmp_path / "runs.csv"):
        runs = Runs.from_curves(bare, runs=given, factors=("corpus",), schedule="planned")
        pd.testing.assert_frame_equal(runs.table[[*expected.table]], expected.table)
        assert set(runs.table) >= {"planned", "seed"}


def test_the_second_table_may_name_its_runs_as_is_usual(
    curves: pd.DataFrame, about: pd.DataFrame
) -> None:
    expected = Runs.from_curves(curves, factors=("corpus",)).table
    bare = curves.drop(columns=["N", "corpus"])
    runs = Runs.from_curves(
        bare, runs=about.rename(columns={"run": "Name"}), factors=(name for name in ["corpus"])
    )
    pd.testing.assert_frame_equal(runs.table[[*expected]], expected)


def test_runs_that_are_in_one_table_only(curves: pd.DataFrame, about: pd.DataFrame) -> None:
    bare = curves.drop(columns=["N", "corpus"])
    other = pd.concat([about.iloc[1:], about.iloc[:1].assign(run="never-run")])
    missing = about["run"].iloc[0]
    with pytest.raises(RunsError, match=rf"1 missing value \(row '{missing}'\)"):
        Runs.from_curves(bare, runs=other)
    runs = Runs.from_curves(bare, runs=other, missing="drop")
    assert runs.left_out == (missing,)
    assert runs.notes[0].startswith("1 of 6 runs in the table of runs left out, having no curve")
    with pytest.raises(RunsError, match="share no run"):
        Runs.from_curves(bare, runs=about.assign(run="other-" + about["run"]))


# Wrong input -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"params": "size"}, "no column 'size', asked for as params"),
        ({"run": "name"}, "no column 'name', asked for as run"),
        ({"lr": "rate"}, "no column 'rate', asked for as lr"),
        ({"schedule": "plan"}, "no column 'plan', asked for as schedule"),
        ({"step": "N"}, "the same at every checkpoint"),
        ({"step": False, "tokens": False}, "no column of the curves holds the position"),
        ({"final": "first"}, "final is 'first'.*'last', 'best', 'smoothed'"),
        ({"warmup": "10%"}, "warmup is '10%'"),
        ({"warmup": -1}, "warmup is -1"),
        ({"window": 0}, "window is 0"),
        ({"inputs": "lr"}, "not a tuple of column names"),
        ({"runs": {"run-0": 1}}, "runs is of type dict"),
        ({"runs": "nowhere.csv"}, "'nowhere.csv' does not exist"),
    ],
)
def test_arguments_that_make_no_sense(
    curves: pd.DataFrame, arguments: dict[str, object], message: str
) -> None:
    with pytest.raises(RunsError, match=message):
        Runs.from_curves(curves, **arguments)  # type: ignore[arg-type]


def test_an_unknown_argument_is_refused_before_anything_is_read(tmp_path: Path) -> None:
    (tmp_path / "c.csv").write_text("run,N,tokens,loss\na,bad,bad,bad\n", encoding="utf-8")
    with pytest.raises(TypeError, match=r"unexpected argument 'parms'; .*'params'"):
        Runs.from_curves(tmp_path / "c.csv", parms="N")  # type: ignore[call-arg]


def spoilt(curves: pd.DataFrame, **cells: object) -> pd.DataFrame:
    changed = curves.astype({name.replace("_", "/"): object for name in cells})
    for name, cell in cells.items():
        changed.loc[5, name.replace("_", "/")] = cell
    return changed


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda f: f.drop(columns="run"), r"names the run of each checkpoint.*run=\"my_run\""),
        (lambda f: f.drop(columns="val/loss"), "no column holds the loss"),
        (lambda f: f.iloc[:0], "the curves hold no rows"),
        (lambda f: f.assign(run="one"), "'N' changes within a run"),
        (lambda f: spoilt(f, run=None), r"'run' has 1 row without the name of a run \(rows 5\)"),
        (lambda f: spoilt(f, val_loss="bad"), r"'val/loss' has 1 value that is not a number"),
        (lambda f: spoilt(f, step=None, val_loss=3.0), r"1 loss without a position .*rows 5"),
        (lambda f: f.rename(columns={"lr": "step"}), "occurs more than once"),
        (lambda f: 3, "of type int"),
        (lambda f: "nowhere.csv", "'nowhere.csv' does not exist"),
    ],
)
def test_curves_that_cannot_be_used(
    curves: pd.DataFrame, change: Callable[[pd.DataFrame], pd.DataFrame], message: str
) -> None:
    with pytest.raises(RunsError, match=message):
        Runs.from_curves(change(curves))


def one_curve() -> pd.DataFrame:
    seen = np.arange(1, 21) * 1e8
    return pd.DataFrame({"step": np.arange(20), "N": 1e8, "tokens": seen, "loss": 5 - seen / 1e9})


def test_the_curve_of_one_run_needs_no_name(tmp_path: Path) -> None:
    one_curve().to_csv(tmp_path / "small.log.csv", index=False)
    for curves, name in ((one_curve(), "run"), (tmp_path / "small.log.csv", "small")):
        runs = Runs.from_curves(curves)
        assert dict(runs.table["loss"]) == {name: 3.0}
        assert runs.values("tokens")[0] == 2e9
    about = pd.DataFrame({"run": ["s-1"], "lr": [1e-3]})
    joined = Runs.from_curves(one_curve(), runs=about)
    assert joined.table[["loss", "lr"]].to_dict("index") == {"s-1": {"loss": 3.0, "lr": 1e-3}}


def test_curves_without_a_loss_say_which_column_it_may_be() -> None:
    named = one_curve().rename(columns={"loss": "c4 loss"})
    with pytest.raises(RunsError, match='Name its column, as in loss="c4 loss"'):
        Runs.from_curves(named)
    with pytest.raises(RunsError, match=r'no column holds the loss .*loss="my_loss"'):
        Runs.from_curves(named[["step"]].rename(columns={"step": "run"}))


@pytest.mark.parametrize(
    "several",
    [pd.concat([one_curve()] * 2), one_curve().iloc[::-1], one_curve().assign(step=[1, 2] * 10)],
)
def test_curves_of_several_runs_need_their_names(several: pd.DataFrame) -> None:
    with pytest.raises(RunsError, match=r"'step' does not rise from row to row.*run=\"my_run\""):
        Runs.from_curves(several)


# Runs that were resumed, and rows that were logged twice ------------------------------------------


@pytest.fixture
def resumed() -> pd.DataFrame:
    """Run `a` diverges from step 800 on, is resumed there and ends at 3; so does `b`, at once."""
    steps = np.arange(0, 1001, 100)
    good = 3 + (1000 - steps) / 1000
    bad = pd.DataFrame({"step": [800, 900, 1000], "loss": [1.0, 5.0, 5.0]})
    first = pd.DataFrame({"step": steps[:8], "loss": good[:8]})
    again = pd.DataFrame({"step": steps[8:], "loss": good[8:]})
    a = pd.concat([first, bad, again]).assign(run="a", N=1e8)
    b = pd.DataFrame({"step": steps, "loss": good}).assign(run="b", N=2e8)
    return pd.concat([a, b], ignore_index=True)


@pytest.mark.parametrize("final", ["last", "smoothed"])
def test_what_was_resumed_replaces_what_was_abandoned(resumed: pd.DataFrame, final: Final) -> None:
    found = losses(Runs.from_curves(resumed, final=final, window=0.3))
    assert found["a"] == found["b"]


def test_rows_logged_twice_do_not_make_a_run_silent() -> None:
    """A loss every 100 steps and rows every 10 up to 1080; the rows of `a` come from two ranks."""
    steps = np.arange(0, 1081, 10)
    loss = np.where(steps % 100 == 0, 3.0, np.nan)
    one = pd.DataFrame({"step": steps, "loss": loss, "N": 1e8})
    curves = pd.concat([one.assign(run="a"), one.assign(run="a"), one.assign(run="b")])
    assert losses(Runs.from_curves(curves)) == {"a": 3.0, "b": 3.0}
