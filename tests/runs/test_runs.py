import copy
import dataclasses
import math
import pickle
import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bayes_scaling.errors import BayesScalingError, RunsError, UnknownLawError
from bayes_scaling.runs import Runs

NAMES = ["opt-11", "opt-12", "opt-13", "opt-14"]


@pytest.fixture
def frame() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "run": NAMES,
            "N": [1e8, 1e9, 1e10, 2e10],
            "D": [9e9, 2e9, 3e12, 1e11],
            "loss": [3.5, 2.9, 2.2, 2.5],
            "corpus": ["c4", "c4", "pile", "pile"],
            "lr": [3e-3, 1e-3, 1e-4, 1e-4],
        }
    )


def refused(frame: pd.DataFrame, *parts: str, **arguments: object) -> None:
    with pytest.raises(RunsError) as caught:
        Runs.from_frame(frame, **arguments)
    for part in parts:
        assert part in str(caught.value)


# Columns ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("params", "tokens", "loss"),
    [
        ("N", "D", "L"),
        ("Model Size", "Training-Tokens", "validation_loss"),
        ("n_params", "num tokens", "Eval Loss"),
        ("NUM_PARAMETERS", "train_tokens", "nll"),
        ("parameters", "tokens", "final_loss"),
        ("num_scaling_params", "tokens_trained", "val_bpb"),
        ("total_parameter_count", "tokens", "val_bpc"),
        ("N (params)", "D (tokens)", "Loss (nats/token)"),
        ("#params", "# tokens", "Val. loss"),
        ("model parameters", "tokens_processed", "validation cross-entropy"),
        ("model size", "Tokens (seen)", "test NLL"),
    ],
)
def test_usual_names_are_found(params: str, tokens: str, loss: str) -> None:
    runs = Runs.from_frame(pd.DataFrame({params: [1e8], tokens: [2e9], loss: [3.0]}))
    assert runs.inputs == ("params", "tokens", "flops")
    assert [runs.values(name)[0] for name in ("params", "tokens", "loss")] == [1e8, 2e9, 3.0]


@pytest.mark.parametrize(
    "flops", ["C", "compute", "Training FLOP", "total_flops", "flop", "compute_budget", "Budget"]
)
def test_usual_names_of_compute_are_found(flops: str) -> None:
    runs = Runs.from_frame(pd.DataFrame({flops: [1e20], "loss": [3.0]}))
    assert runs.inputs == ("flops",)


def test_less_usual_names_are_taken_alone(frame: pd.DataFrame) -> None:
    table = frame.assign(val_bpb=frame["loss"] / 3, budget=1e20)
    runs = Runs.from_frame(table.assign(flops=6 * frame["N"] * frame["D"]))
    assert list(runs.values("loss")) == list(frame["loss"])
    assert "budget" in runs.table
    assert "bits per byte" in Runs.from_frame(table[["N", "val_bpb"]]).sources["loss"]
    for other in (12.0, "small"):  # hours, or a word
        assert "budget" in Runs.from_frame(frame.assign(budget=other)).table


def test_columns_taken_by_another_name_show_in_the_repr(frame: pd.DataFrame) -> None:
    shown = repr(Runs.from_frame(frame.rename(columns={"N": "Model Size"})))
    assert re.search(r"params +100M-20B +column 'Model Size'", shown)
    assert re.search(r"flops .*6 x params x tokens", shown)


def test_explicit_column_beats_standard_name_and_keeps_the_other(frame: pd.DataFrame) -> None:
    frame["loss_c4"] = frame["loss"] + 1
    runs = Runs.from_frame(frame, loss="loss_c4")
    assert list(runs.values("loss")) == list(frame["loss_c4"])
    assert list(runs.table["loss_in_source"]) == list(frame["loss"])
    assert "loss_c4" not in runs.table


def test_exact_standard_name_beats_an_alias(frame: pd.DataFrame) -> None:
    frame["params"] = 5e9
    runs = Runs.from_frame(frame)
    assert set(runs.values("params")) == {5e9}
    assert list(runs.table["N"]) == list(frame["N"])


def test_two_aliases_are_ambiguous(frame: pd.DataFrame) -> None:
    frame["n_params"] = 5e9
    refused(frame, "2 columns could be params ('N', 'n_params')", 'params="N"', "params=False")
    assert set(Runs.from_frame(frame, params="n_params").values("params")) == {5e9}


def test_column_named_for_another_part_is_no_alias(frame: pd.DataFrame) -> None:
    frame["n_params"] = 5e9
    runs = Runs.from_frame(frame, inputs={"active_params": "n_params"})
    assert runs.inputs == ("params", "tokens", "flops", "active_params")
    assert list(runs.values("params")) == list(frame["N"])


def test_missing_column_names_near_matches_and_all_columns(frame: pd.DataFrame) -> None:
    refused(frame, "no column 'n'", "asked for as params", "Near matches: 'N'", params="n")
    refused(frame, "no column 'corpsu'", "'corpus'", "'lr'", factors=["corpsu"])
    refused(frame, "no column 'runs'", "Near matches: 'run'", run="runs")


def test_words_are_no_sizes_where_another_column_has_some(frame: pd.DataFrame) -> None:
    sizes = frame.rename(columns={"N": "num_params"}).assign(model_size=["S", "M", "L", "XL"])
    for columns in (list(sizes), list(sizes)[::-1]):
        assert list(Runs.from_frame(sizes[columns]).values("params")) == list(frame["N"])
    assert Runs.from_frame(sizes, factors=["model_size"]).levels("model_size")[0] == "L"
    refused(sizes, "'S'", params="model_size")


def test_words_are_no_other_count(frame: pd.DataFrame) -> None:
    words = frame.rename(columns={"N": "params"}).assign(model_size=["S", "M", "L", "XL"])
    assert Runs.from_frame(words).notes == ()
    numbers = words.assign(model_size=["1B", "2B", "3B", "4B"])
    assert "'model_size' counts otherwise" in Runs.from_frame(numbers).notes[0]


def test_a_count_that_stands_twice_is_read_once(frame: pd.DataFrame) -> None:
    planned = frame.assign(train_tokens=frame["D"] * 1.0001)
    runs = Runs.from_frame(planned)
    assert list(runs.values("tokens")) == list(frame["D"])
    assert "tokens is column 'D'; 'train_tokens' agrees within 1 %." in runs.notes
    assert not any("agrees" in note for note in Runs.from_frame(planned, tokens="D").notes)
    other = frame.assign(train_tokens=frame["D"] * 2)
    refused(other, "2 columns could be tokens ('D', 'train_tokens')", "tokens=False")
    # Without a cell in one row, which of the two is meant is not known there.
    refused(planned.assign(train_tokens=[*planned["train_tokens"][:-1], None]), "2 columns could")


def test_no_loss_column(frame: pd.DataFrame) -> None:
    stepped = frame.drop(columns="loss").assign(step=[1, 2, 3, 4])
    refused(stepped.drop(columns="run"), "a point of a training curve, and no run")
    refused(stepped, "no column holds the loss", 'loss="my_loss".')  # each row has its own name
    with pytest.raises(RunsError, match=r'in loss="my_loss"\.$'):  # a step that all runs share
        Runs.from_frame(stepped.assign(step=1))
    refused(frame.drop(columns="loss"), "no column holds the loss", 'loss="my_loss"')
    refused(frame.rename(columns={"loss": "c4_losses"}), 'loss="c4_losses"')
    refused(frame.drop(columns="loss").assign(metric="bpb"), 'loss="my_loss"')  # words are none


@pytest.mark.parametrize(
    ("columns", "response", "guessed"),
    [
        (["flops", "tokens_seen"], "loss", "my_loss"),
        (["flops", "train_loss", "c4_val_ce"], "loss", "c4_val_ce"),
        (["train_loss", "c4_loss"], "loss", "c4_loss"),
        (["train_loss", "mmlu_acc", "val_loss_c4"], "accuracy", "mmlu_acc"),
        (["train_loss", "val_loss"], "accuracy", "my_accuracy"),
        (["training/loss", "c4_loss", "mmlu_acc"], "loss", "c4_loss"),
        (["gflops"], "loss", "my_loss"),
        (["Wall time", "Value"], "loss", "Value"),
        (["lr", "losss"], "loss", "losss"),
    ],
)
def test_the_column_of_the_loss_is_guessed(
    frame: pd.DataFrame, columns: list[str], response: str, guessed: str
) -> None:
    table = frame[["N"]].assign(**dict.fromkeys(columns, 1e13))
    refused(table, f'as in loss="{guessed}".', response=response)


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        (["train_loss", "mmlu_acc"], "'mmlu_acc' is an accuracy, by its name.*response=.accuracy"),
        (["train/loss", "eval/ppl/c4"], "'eval/ppl/c4' is a perplexity.*Take its logarithm"),
    ],
)
def test_what_is_no_loss_is_said_before_it_is_asked_for(
    frame: pd.DataFrame, columns: list[str], said: str
) -> None:
    with pytest.raises(RunsError, match=f"no column holds the loss.*{said}"):
        Runs.from_frame(frame[["N"]].assign(**dict.fromkeys(columns, 0.5)))


def test_a_table_on_its_side(frame: pd.DataFrame) -> None:
    turned = frame.set_index("run")[["N", "D", "loss"]].T
    refused(
        turned, "Rows are called 'N', 'D', 'loss': the table has its runs as columns", "table.T"
    )
    refused(turned.reset_index(names="what"), "as in table.set_index('what').T")
    refused(frame[["N", "D", "loss"]].T, "the table has its runs as columns")  # numbered ones


def test_no_input_at_all(frame: pd.DataFrame) -> None:
    refused(frame[["loss", "lr"]], "no column holds params, tokens, flops", "'loss', 'lr'")
    runs = Runs.from_frame(frame[["loss", "lr"]], inputs=["lr"])
    assert runs.inputs == ("lr",)


@pytest.mark.parametrize("part", ["inputs", "factors"])
def test_bare_string_shows_the_call_to_make(frame: pd.DataFrame, part: str) -> None:
    refused(frame, f"{part} is 'corpus'", f'{part}=("corpus",)', **{part: "corpus"})


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"factors": [3]}, "1 entry that are not column names (3)"),
        ({"factors": 3}, "factors is 3"),
        ({"factors": ["corpus", "corpus"]}, "names 'corpus' more than once"),
        ({"factors": ["loss"]}, "'loss' would be a factor and a numeric column"),
        ({"factors": ["params"]}, "'params' would be a factor and a numeric column"),
        ({"inputs": ["lr"], "factors": ["lr"]}, "'lr' would be a factor and a numeric column"),
        ({"inputs": {"rate": "lr"}, "factors": ["lr"]}, "column 'lr' is asked for as 'rate', 'lr'"),
        ({"inputs": {"tokens": "lr"}}, "the name 'tokens' is already taken"),
        ({"factors": {"draw": "corpus"}}, "the name 'draw' is already taken"),
        ({"factors": {"summary": "corpus"}}, "the name 'summary' is already taken"),
        ({"factors": {"data/corpus": "corpus"}}, "'data/corpus' cannot name a factor.*read as a"),
        ({"inputs": {"hp/lr": "lr"}}, "'hp/lr' cannot name an input.*inputs={\"name\": 'hp/lr'}"),
        ({"inputs": {".": "lr"}}, "'.' cannot name an input"),
        ({"factors": {"": "corpus"}}, "'' cannot name a factor"),
        ({"params": "N", "tokens": "N"}, "column 'N' is asked for as 'params', 'tokens'"),
        ({"params": 3}, "params is 3, which is not the name of a column"),
        ({"params": True}, "params is True"),
        ({"run": 7}, "run is 7"),
        ({"missing": "ignore"}, "missing is 'ignore'.*'error', 'drop'"),
        ({"response": "bits"}, "response is 'bits'.*'loss', 'accuracy', 'metric'"),
        ({"flops_factor": 0.5}, "flops_factor is 0.5"),
        ({"flops_factor": math.nan}, "flops_factor is nan"),
        ({"flops_factor": "2"}, "flops_factor is '2'"),
    ],
)
def test_arguments_that_make_no_sense(
    frame: pd.DataFrame, arguments: dict[str, object], message: str
) -> None:
    prefix, *rest = message.split(".*")
    refused(frame, prefix, *rest, **arguments)


def test_repeated_column_names(frame: pd.DataFrame) -> None:
    refused(frame.rename(columns={"lr": "loss"}), "occurs more than once ('loss')")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"loss": [1.0]}, "type dict, not a data frame"),
        ("runs.csv", "bs.read_runs"),
        (pd.DataFrame({"N": [], "loss": []}), "the table is empty"),
    ],
)
def test_data_that_are_no_table(data: object, message: str) -> None:
    with pytest.raises(RunsError, match=message):
        Runs.from_frame(data)  # type: ignore[arg-type]


# Cells --------------------------------------------------------------------------------------


def with_cells(frame: pd.DataFrame, column: str, cells: list[object]) -> pd.DataFrame:
    return frame.assign(**{column: pd.Series(cells, dtype=object)})


@pytest.mark.parametrize(
    ("column", "cells", "message"),
    [
        (
            "loss",
            [3.0, 2.0, -0.1, 0.0],
            "loss has 2 values that are not positive (rows 'opt-13', 'opt-14': -0.1, 0.0). "
            "Losses are modelled on the log scale.",
        ),
        (
            "N",
            [1e8, -1e9, 0, 1e9],
            "params (column 'N') has 2 values that are not positive (rows 'opt-12', 'opt-13': "
            "-1000000000.0, 0.0).",
        ),
        ("D", [0, 1, 2, 3], "tokens (column 'D') has 1 value that is not positive (row 'opt-11'"),
        ("loss", [3.0, np.inf, 2.0, 2.0], "1 infinite value (row 'opt-12': inf)"),
        ("D", [1e9, -np.inf, 1e9, 1e9], "1 infinite value (row 'opt-12': -inf)"),
        ("D", [1e9, "inf", 1e9, 10**400], "2 infinite values (rows 'opt-12', 'opt-14'"),
        ("loss", [3.0, np.nan, None, pd.NA], "3 missing values (rows 'opt-12', 'opt-13', 'opt-14"),
        ("loss", ["3.0", " ", "2.0", "2.1"], "1 missing value (row 'opt-12')"),
        ("loss", ["3", "70B", "2", "1"], "loss has 1 value that is not a number (row 'opt-12'"),
        ("N", ["1,000", "1e8", "+2", "x"], "(rows 'opt-11', 'opt-14': '1,000', 'x')"),
        ("N", ["NaN", "1e8", "+2", "N/A"], "2 missing values (rows 'opt-11', 'opt-14')"),
        ("loss", [True, 2.0, 3.0, 1.0], "1 value that is not a number (row 'opt-11': True)"),
        ("loss", [1j, 2.0, 3.0, 1.0], "1 value that is not a number (row 'opt-11': 1j)"),
    ],
)
def test_bad_cells_are_named(
    frame: pd.DataFrame, column: str, cells: list[object], message: str
) -> None:
    refused(with_cells(frame, column, cells), message)


def test_truth_values_are_no_numbers(frame: pd.DataFrame) -> None:
    refused(frame.assign(N=[True, False, True, True]), "params (column 'N') holds truth values")


def test_dates_are_no_numbers(frame: pd.DataFrame) -> None:
    refused(frame.assign(loss=pd.Timestamp("2026-01-01")), "4 values that are not numbers")


def test_text_that_is_numbers_is_read(frame: pd.DataFrame) -> None:
    runs = Runs.from_frame(with_cells(frame, "N", ["1e8", "+2.5E9", ".5e10", "70"]))
    assert list(runs.values("params")) == [1e8, 2.5e9, 5e9, 70.0]


@pytest.mark.parametrize("dtype", ["Int64", "int32", "float32", "object", "category"])
def test_any_numeric_dtype_is_read(frame: pd.DataFrame, dtype: str) -> None:
    runs = Runs.from_frame(frame.assign(loss=pd.Series([4, 3, 2, 1]).astype(dtype)))
    assert runs.table["loss"].dtype == np.float64
    assert list(runs.values("loss")) == [4.0, 3.0, 2.0, 1.0]


def test_five_rows_are_named_and_the_others_counted() -> None:
    refused(
        pd.DataFrame({"N": 1e9, "loss": [-1.0] * 17}),
        "17 values that are not positive (rows '0', '1', '2', '3', '4' and 12 more: -1.0, -1.0",
    )


def test_rows_of_a_filtered_frame_keep_their_labels(frame: pd.DataFrame) -> None:
    kept = frame.drop(columns="run").iloc[2:].assign(loss=[-1.0, 2.0])
    refused(kept, "(row '2': -1.0)")


def test_accuracy_is_a_fraction(frame: pd.DataFrame) -> None:
    frame["accuracy"] = [0.0, 0.5, 1.0, 70.0]
    refused(
        frame,
        "loss (column 'accuracy') has 1 value outside [0, 1] (row 'opt-14'",
        response="accuracy",
    )
    runs = Runs.from_frame(frame.assign(accuracy=[0, 0.5, 0.5, 1]), response="accuracy")
    assert list(runs.values("loss")) == [0, 0.5, 0.5, 1]
    assert runs.reference["loss"] == 1.0


def test_metric_is_any_finite_number(frame: pd.DataFrame) -> None:
    runs = Runs.from_frame(frame.assign(elo=[-5.0, 0, 5, 9]), loss="elo", response="metric")
    assert list(runs.values("loss")) == [-5, 0, 5, 9]
    refused(frame.assign(elo=np.inf), "4 infinite values", loss="elo", response="metric")


def test_missing_labels_are_named(frame: pd.DataFrame) -> None:
    frame["corpus"] = ["c4", None, "", "pile"]
    refused(
        frame, "factor corpus has 2 missing labels (rows 'opt-12', 'opt-13')", factors=["corpus"]
    )
    assert len(Runs.from_frame(frame)) == 4


def test_labels_are_text(frame: pd.DataFrame) -> None:
    frame["seed"] = [1.0, 2.0, 2.0, 10.0]
    runs = Runs.from_frame(frame, factors={"seed": "seed", "rate": "lr"})
    assert runs.levels("seed") == ("1", "10", "2")
    assert list(runs.codes("seed")) == [0, 2, 2, 1]
    assert runs.levels("rate") == ("0.0001", "0.001", "0.003")


# Missing rows -------------------------------------------------------------------------------


def test_drop_leaves_out_rows_and_counts_them(frame: pd.DataFrame) -> None:
    frame.loc[1, "loss"] = np.nan
    frame.loc[2, "corpus"] = None
    frame.loc[3, "lr"] = np.nan
    runs = Runs.from_frame(frame, factors=["corpus"], missing="drop")
    assert list(runs.table.index) == ["opt-11", "opt-14"]
    assert (runs.dropped, runs.left_out) == (2, ("opt-12", "opt-13"))
    assert runs.notes[0] == ("2 rows with missing values were left out (rows 'opt-12', 'opt-13').")
    assert "2 left out" in repr(runs)
    assert runs.where(corpus="c4").dropped == 2


@pytest.mark.parametrize(("cell", "kind"), [(np.inf, "infinite"), ("few", "not a number")])
def test_drop_is_for_missing_values_only(frame: pd.DataFrame, cell: object, kind: str) -> None:
    refused(with_cells(frame, "loss", [cell, 2.0, None, 2.0]), kind, "'opt-11'", missing="drop")


def test_drop_that_leaves_nothing(frame: pd.DataFrame) -> None:
    refused(frame.assign(D=np.nan), "none of the 4 rows", "tokens 4", missing="drop")


# Names of runs ------------------------------------------------------------------------------


def test_run_names_come_from_a_column_or_the_labels(frame: pd.DataFrame) -> None:
    assert list(Runs.from_frame(frame).table.index) == NAMES
    assert list(Runs.from_frame(frame.rename(columns={"run": "run_id"})).table.index) == NAMES
    assert list(Runs.from_frame(frame.rename(columns={"run": "id"})).table.index) == list("0123")
    assert list(
        Runs.from_frame(frame.assign(loss_rank=[4, 3, 1, 2]), run="loss_rank").table.index
    ) == list("4312")
    assert list(Runs.from_frame(frame.set_index("run")).table.index) == NAMES
    repeated = pd.concat([frame.drop(columns="run")] * 2)
    assert list(Runs.from_frame(repeated).table.index) == list("01234567")


def test_repeating_run_column_is_not_taken_by_default(frame: pd.DataFrame) -> None:
    runs = Runs.from_frame(frame.assign(run=["a", "a", "b", "c"]))
    assert list(runs.table.index) == list("0123")
    assert list(runs.table["run_in_source"]) == ["a", "a", "b", "c"]


def test_repeated_and_missing_run_names(frame: pd.DataFrame) -> None:
    refused(frame.assign(run=["a", "a", "b", "b"]), "more than once ('a', 'b')", run="run")
    refused(
        frame.assign(run=["a", None, "b", "c"]), "1 run (column 'run') without a name", run="run"
    )


# Compute ------------------------------------------------------------------------------------


@given(st.floats(1e6, 1e13), st.floats(1e6, 1e14))
def test_the_third_of_three_follows(params: float, tokens: float) -> None:
    full = {"params": params, "tokens": tokens, "flops": 6 * params * tokens}
    for lacking in full:
        table = {name: [value] for name, value in full.items() if name != lacking}
        runs = Runs.from_frame(pd.DataFrame(table | {"loss": [2.0]}))
        assert runs.inputs == ("params", "tokens", "flops")
        assert runs.values(lacking)[0] == pytest.approx(full[lacking], rel=1e-12)


def test_disagreeing_compute_names_rows_and_ratio(frame: pd.DataFrame) -> None:
    exact = 6 * frame["N"] * frame["D"]
    frame["C"] = exact * [1.0, 3.0, 1.9, 0.25]
    refused(
        frame,
        "off by more than a factor of 2 in 2 rows (rows 'opt-12', 'opt-14': 0.333, 4.0)",
        "flops (column 'C')",
        "flops=False",
        "flops_factor=4.04",
    )
    assert list(Runs.from_frame(frame, flops_factor=4.04).values("flops")) == list(frame["C"])
    assert list(Runs.from_frame(frame, flops_factor=math.inf).values("flops")) == list(frame["C"])
    runs = Runs.from_frame(frame, flops=False)
    assert list(runs.values("flops")) == list(exact)
    assert list(runs.table["C"]) == list(frame["C"])


def test_compute_in_another_unit_is_not_talked_away(frame: pd.DataFrame) -> None:
    frame["C"] = 6 * frame["N"] * frame["D"] * 1e-9
    with pytest.raises(RunsError, match="is in another unit") as caught:
        Runs.from_frame(frame)
    assert "flops_factor" not in str(caught.value)


def test_false_takes_no_column(frame: pd.DataFrame) -> None:
    assert Runs.from_frame(frame, params=False).inputs == ("tokens",)
    assert Runs.from_frame(frame, tokens=False).inputs == ("params",)


def test_overflowing_product_is_refused(frame: pd.DataFrame) -> None:
    with np.errstate(over="ignore"):
        refused(frame.assign(N=1e200, D=1e200), "flops (6 x params x tokens) has 4 infinite")


# The value ----------------------------------------------------------------------------------


def test_reference_scales(frame: pd.DataFrame) -> None:
    runs = Runs.from_frame(frame)
    assert runs.reference["params"] == pytest.approx(np.prod(frame["N"]) ** 0.25)
    assert runs.reference["loss"] == pytest.approx(2.2 + 0.15 * 0.3)
    assert set(runs.reference) == {"params", "tokens", "flops", "loss"}


@pytest.mark.parametrize(
    ("scores", "scale"),
    [
        ([0.2, 0.5, 0.6, 0.9], 1.0),
        ([20.0, 40.0, 50.0, 60.0], 57.0),
        ([-60.0, -50.0, -40.0, 20.0], 57.0),
        ([2e-4, 4e-4, 5e-4, 6e-4], 5.7e-4),
        ([0.0, 0.0, 0.0, 0.0], 1.0),
    ],
)
def test_a_metric_is_brought_to_the_order_of_one(
    frame: pd.DataFrame, scores: list[float], scale: float
) -> None:
    table = frame.assign(score=scores)
    runs = Runs.from_frame(table, loss="score", response="metric")
    assert runs.reference["loss"] == pytest.approx(scale)
    assert runs.with_reference(loss=100.0).where(corpus="pile").reference["loss"] == 100.0


def test_users_frame_is_never_changed(frame: pd.DataFrame) -> None:
    before = frame.copy()
    runs = Runs.from_frame(frame, factors=["corpus"])
    pd.testing.assert_frame_equal(frame, before)
    frame.loc[:, "loss"] = -1.0
    assert list(runs.values("loss")) == list(before["loss"])


def test_nothing_can_be_changed_afterwards(frame: pd.DataFrame) -> None:
    runs = Runs.from_frame(frame, factors=["corpus"])
    table = runs.table
    table.loc[:, "loss"] = -1.0
    table["params"] = 0.0
    assert list(runs.values("loss")) == list(frame["loss"])
    assert list(runs.table["params"]) == list(frame["N"])
    for array in (runs.values("loss"), runs.codes("corpus")):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1
    with pytest.raises(TypeError):
        runs.reference["loss"] = 1.0  # type: ignore[index]
    for name in ("table", "inputs", "reference"):
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(runs, name, None)
    runs.where(lambda own: own.pop("loss") < 9)
    assert "loss" in runs.table


def test_table_layout(frame: pd.DataFrame) -> None:
    table = Runs.from_frame(frame, inputs=["lr"], factors={"data": "corpus"}).table
    assert list(table) == ["params", "tokens", "flops", "lr", "loss", "data"]
    assert table.index.name == "run"
    assert [type(name) for name in table.index] == [str] * 4


def test_dtypes_of_arrays(frame: pd.DataFrame) -> None:
    runs = Runs.from_frame(frame, factors=["corpus"])
    assert runs.values("params").dtype == np.float64
    assert runs.codes("corpus").dtype == np.int64
    assert list(runs.codes("corpus")) == [0, 0, 1, 1]
    assert runs.levels("corpus") == ("c4", "pile")


def test_unknown_columns_are_refused(frame: pd.DataFrame) -> None:
    runs = Runs.from_frame(frame)
    with pytest.raises(RunsError, match=r"no input 'lr'.*'params', 'tokens', 'flops', 'loss'"):
        runs.values("lr")
    with pytest.raises(RunsError, match=r"no factor 'corpus'.*factors="):
        runs.levels("corpus")
    with pytest.raises(RunsError, match="no factor 'corpus'"):
        runs.codes("corpus")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"table": pd.DataFrame()}, "the table is empty"),
        ({"table": {"loss": [1.0]}}, "the table is a dict"),
        ({"inputs": ()}, "lacks 'an input'"),
        ({"inputs": ("params", "width")}, "lacks 'width'"),
        ({"factors": ("corpus",)}, "lacks 'corpus'"),
        ({"factors": ("params",)}, "factor and a numeric column"),
        ({"response": "bits"}, "response is 'bits'"),
        ({"reference": {"loss": 0.0}}, "reference scale of loss is 0.0"),
        ({"reference": {"N": 1.0}}, "no column 'N' to scale"),
        ({"table": pd.DataFrame({"params": [1e9], "loss": [0.0]})}, "loss has 1 value that is not"),
        ({"table": pd.DataFrame({"params": [-1.0], "loss": [1.0]})}, "params has 1 value that is"),
        (
            {"table": pd.DataFrame({"params": [1e9] * 2, "loss": 2.0}, index=["a", "a"])},
            "more than once",
        ),
    ],
)
def test_constructor_refuses_invalid_tables(change: dict[str, object], message: str) -> None:
    valid = {"table": pd.DataFrame({"params": [1e9], "loss": [2.0]}), "inputs": ("params",)}
    assert len(Runs(**valid)) == 1
    with pytest.raises(RunsError, match=message):
        Runs(**(valid | change))


def test_a_single_run_is_accepted(frame: pd.DataFrame) -> None:
    assert len(Runs.from_frame(frame.iloc[:1])) == 1


def test_pickle_and_deepcopy(frame: pd.DataFrame) -> None:
    runs = Runs.from_frame(frame, factors=["corpus"]).with_reference(params=1.0)
    runs = replace(runs, remarks=("One run crashed.",), reference=runs.scales_by_hand)
    for other in (pickle.loads(pickle.dumps(runs)), copy.deepcopy(runs)):
        pd.testing.assert_frame_equal(other.table, runs.table)
        assert dict(other.reference) == dict(runs.reference)
        assert other.scales_by_hand == {"params": 1.0}
        assert repr(other) == repr(runs)


def test_table_makes_the_same_runs_again(frame: pd.DataFrame) -> None:
    runs = Runs.from_frame(frame, inputs=["lr"], factors=["corpus"])
    again = Runs.from_frame(runs.table, inputs=["lr"], factors=["corpus"])
    pd.testing.assert_frame_equal(again.table, runs.table)
    assert dict(again.reference) == dict(runs.reference)


positive = st.floats(1e-3, 1e15)
some_rows = st.lists(st.tuples(positive, positive, positive), min_size=1, max_size=12)


@given(some_rows, st.floats(1e-3, 1e9))
def test_units_cancel_in_the_scaled_input(
    cells: list[tuple[float, float, float]], unit: float
) -> None:
    table = pd.DataFrame(cells, columns=["params", "tokens", "loss"])
    runs = Runs.from_frame(table)
    other = Runs.from_frame(table.assign(params=table["params"] * unit))
    np.testing.assert_allclose(
        other.values("params") / other.reference["params"],
        runs.values("params") / runs.reference["params"],
        rtol=1e-9,
    )
    scaled = runs.values("params") / runs.reference["params"]
    assert np.log(scaled).mean() == pytest.approx(0, abs=1e-9)


@given(some_rows, st.randoms(use_true_random=False))
def test_order_of_rows_does_not_matter(cells: list[tuple[float, ...]], random: object) -> None:
    table = pd.DataFrame(cells, columns=["params", "tokens", "loss"])
    table["corpus"] = [f"c{row % 3}" for row in range(len(table))]
    order = list(range(len(table)))
    random.shuffle(order)  # type: ignore[attr-defined]
    runs = Runs.from_frame(table, factors=["corpus"])
    other = Runs.from_frame(table.iloc[order], factors=["corpus"])
    assert other.reference == pytest.approx(dict(runs.reference), rel=1e-9)
    assert other.levels("corpus") == runs.levels("corpus")
    assert len(other.notes) == len(runs.notes)
    pd.testing.assert_frame_equal(other.table.loc[runs.table.index], runs.table)


# Subsets ------------------------------------------------------------------------------------


@pytest.fixture
def runs(frame: pd.DataFrame) -> Runs:
    return Runs.from_frame(frame, factors=["corpus"])


def test_where_by_value(runs: Runs) -> None:
    assert list(runs.where(corpus="pile").table.index) == NAMES[2:]
    assert list(runs.where(corpus=["pile", "c4"]).table.index) == NAMES
    assert list(runs.where(run=NAMES[1]).table.index) == [NAMES[1]]
    assert list(runs.where(lr=1e-4).table.index) == NAMES[2:]
    assert list(runs.where(lr={1e-4, 1e-3}, corpus="c4").table.index) == [NAMES[1]]
    assert list(runs.where().table.index) == NAMES


def test_where_by_value_of_a_numeric_factor(frame: pd.DataFrame) -> None:
    runs = Runs.from_frame(frame.assign(seed=[1, 1, 2, 2]), factors=["seed"])
    assert len(runs.where(seed=1)) == len(runs.where(seed="1")) == 2


@pytest.mark.parametrize(
    "mask",
    [
        [False, True, False, True],
        np.array([False, True, False, True]),
        pd.Series([True, False, True, False], index=NAMES[::-1]),
        pd.Series([False, True, False, True], index=NAMES, dtype="boolean"),
        lambda table: table.index.isin([NAMES[1], NAMES[3]]),
    ],
)
def test_where_by_mask(runs: Runs, mask: object) -> None:
    assert list(runs.where(mask).table.index) == [NAMES[1], NAMES[3]]


def test_where_recomputes_scales_and_levels(runs: Runs) -> None:
    part = runs.where(corpus="pile")
    assert part.reference["params"] == pytest.approx((1e10 * 2e10) ** 0.5)
    assert part.reference["loss"] == pytest.approx(2.2 + 0.05 * 0.3)
    assert part.levels("corpus") == ("pile",)
    assert list(part.codes("corpus")) == [0, 0]
    assert any("one level ('pile')" in note for note in part.notes)
    assert not any("one level" in note for note in runs.notes)


@pytest.mark.parametrize(
    ("mask", "columns", "message"),
    [
        (None, {"corpsu": "c4"}, r"no column 'corpsu'.*Near matches: 'corpus'.*'run', 'params'"),
        (None, {"corpus": "c5"}, r"no run has corpus = 'c5'.*'c4', 'pile'"),
        (None, {"corpus": ["c4", "c5"]}, r"no run has corpus = 'c5'"),
        (None, {"corpus": "c4", "lr": 1e-4}, r"none of the 4 runs fulfils corpus = 'c4' and lr"),
        (None, {"corpus": []}, "none of the 4 runs"),
        (lambda table: table["loss"] > 9, {}, "fulfils the mask"),
        ([1, 0, 1, 0], {}, "type int64"),
        ([True], {}, r"shape \(1,\)"),
        (pd.Series([True] * 4), {}, "labelled 0, 1, 2 and 1 more"),
        (pd.Series([True, None, True, True], index=NAMES, dtype="boolean"), {}, "type object"),
        (lambda table: table, {}, r"shape \(4, \d\)"),
    ],
)
def test_where_refuses(runs: Runs, mask: object, columns: dict[str, object], message: str) -> None:
    with pytest.raises(RunsError, match=message):
        runs.where(mask, **columns)


def test_split_by_compute(runs: Runs) -> None:
    budget = runs.values("flops")[1]
    train, hidden = runs.split(train_up_to_flops=budget)
    assert list(train.table.index) == NAMES[:2]
    assert list(hidden.table.index) == NAMES[2:]
    assert train.values("flops").max() <= budget < hidden.values("flops").min()
    assert train.reference["loss"] == pytest.approx(2.9 + 0.05 * 0.6)


@pytest.mark.parametrize(
    ("budget", "message"),
    [(1.0, "no run has flops up to 1e0"), (1e30, "above 1e30"), (-1.0, "is -1.0"), ("x", "is 'x'")],
)
def test_split_refuses(runs: Runs, budget: float, message: str) -> None:
    with pytest.raises(RunsError, match=message):
        runs.split(train_up_to_flops=budget)


def test_split_needs_compute(frame: pd.DataFrame) -> None:
    with pytest.raises(RunsError, match=r"no flops \(their inputs are 'params'\)"):
        Runs.from_frame(frame, tokens=False).split(train_up_to_flops=1e20)


def test_scales_set_by_hand_stay(runs: Runs) -> None:
    scaled = runs.with_reference(params=1.0, loss=1.0)
    assert (scaled.reference["params"], scaled.reference["loss"]) == (1.0, 1.0)
    assert scaled.reference["tokens"] == runs.reference["tokens"]
    part = scaled.with_reference(loss=2.0).where(corpus="pile")
    assert (part.reference["params"], part.reference["loss"]) == (1.0, 2.0)
    assert part.reference["tokens"] == runs.where(corpus="pile").reference["tokens"]
    assert runs.reference["params"] != 1.0


@pytest.mark.parametrize(
    ("scales", "message"),
    [
        ({"N": 1.0}, "no column 'N' to scale.*'params'"),
        ({"params": 0.0}, "scale of params is 0.0"),
        ({"params": -1.0}, "scale of params is -1.0"),
        ({"loss": math.inf}, "scale of loss is inf"),
        ({"loss": math.nan}, "scale of loss is nan"),
        ({"loss": True}, "scale of loss is True"),
        ({"loss": "2"}, "scale of loss is '2'"),
    ],
)
def test_scales_that_make_no_sense(runs: Runs, scales: dict[str, float], message: str) -> None:
    with pytest.raises(RunsError, match=message):
        runs.with_reference(**scales)


# Notes --------------------------------------------------------------------------------------


def notes(**columns: object) -> str:
    factors = [name for name in ("corpus",) if name in columns]
    return "\n".join(Runs.from_frame(pd.DataFrame(columns), factors=factors).notes)


def test_good_runs_have_no_notes(runs: Runs) -> None:
    assert runs.notes == ()
    assert "note" not in repr(runs)


def test_note_on_units() -> None:
    text = notes(N=[0.5, 7.0], D=[1e11, 3e11], loss=[3.0, 2.0])
    assert "The largest model has 7.0 parameters" in text
    assert "tokens:" not in text
    assert "The largest run has 300.0 tokens" in notes(D=[100, 300], loss=[3.0, 2.0])


def test_note_on_repeated_rows() -> None:
    table = {"N": [1e8, 1e8, 1e9], "D": [1e9, 1e9, 4e9]}
    assert "rows '0', '1'" in notes(**table, loss=[3.0, 3.0, 2.0])
    assert "repeat" not in notes(**table, loss=[3.0, 3.1, 2.0])
    assert "repeat" not in notes(**table, loss=[3.0, 3.0, 2.0], corpus=["a", "b", "a"])


def test_note_on_one_ratio_and_collinearity(rng: np.random.Generator) -> None:
    params = np.geomspace(1e8, 1e10, 8)
    loss = np.linspace(4, 2, 8)
    assert "20 tokens per parameter: what each adds to the loss is not" in notes(
        N=params, D=20 * params, loss=loss
    )
    near = params**1.3 * np.exp(rng.normal(0, 0.2, 8))
    assert re.search(
        r"collinear \(r = 0\.99\d\): what each adds", notes(N=params, D=near, loss=loss)
    )
    assert "collinear" not in notes(N=params, D=rng.permutation(near), loss=loss)
    two = notes(N=[1e8, 1e8, 1e9], D=[2e9, 2e9, 9e9], loss=[3.5, 3.6, 2.9])
    assert "Of params and tokens the runs have two combinations only: what each adds" in two
    one_budget = notes(N=params, D=1e20 / params, loss=loss)
    assert "collinear (r = -1.000): how the loss falls as both grow" in one_budget


def test_note_on_an_input_that_does_not_vary() -> None:
    text = notes(N=[1e8, 1e9, 1e10], D=[1.305e11, 1.305e11, 1.3e11], loss=[3.0, 2.5, 2.0])
    assert "Every run has the same tokens" in text
    assert "same params" not in text
    assert notes(N=[1e9], loss=[2.0]) == ""


def test_notes_on_factors() -> None:
    table = {"N": [1e8, 1e9, 1e10], "loss": [3.0, 2.5, 2.0]}
    assert "Factor 'corpus' has one level ('c4')" in notes(**table, corpus="c4")
    assert "one run in each of its 3 levels" in notes(**table, corpus=["a", "b", "c"])
    assert "one run in 1 level ('a')" in notes(**table, corpus=["a", "b", "b"])


# Display ------------------------------------------------------------------------------------


def test_remarks_come_first_and_stay_with_subsets(runs: Runs) -> None:
    told = replace(runs, remarks=("One run crashed.",))
    assert told.notes == ("One run crashed.", *runs.notes)
    assert told.where(corpus="c4").notes[0] == "One run crashed."
    assert "1 note" in repr(told)


def test_repr_shows_three_notes_in_short_and_counts_the_others(runs: Runs) -> None:
    told = replace(runs, remarks=("One run crashed.", "x " * 200, "Third.", "Fourth.", "Fifth."))
    *_, first, second, third, more = repr(told).splitlines()
    assert first == "  note: One run crashed."
    assert second.endswith(" …")
    assert third == "  note: Third."
    assert more == f"  and {len(told.notes) - 3} more notes, in runs.notes"
    assert max(map(len, repr(told).splitlines())) <= 100


def test_repr_is_short_and_shows_ranges(frame: pd.DataFrame) -> None:
    shown = repr(Runs.from_frame(frame, factors={"data": "corpus"}))
    assert shown.splitlines()[0] == "Runs: 4 runs"
    assert re.search(r"tokens +2B-3T", shown)
    assert re.search(r"loss +2.2-3.5$", shown, re.MULTILINE)
    assert re.search(r"data +2 levels: c4, pile +column 'corpus'", shown)
    many = repr(Runs.from_frame(frame.assign(long=["x" * 90, "y", "z", "w"]), factors=["long"]))
    assert "4 levels" in many
    assert max(map(len, many.splitlines())) < 110


def test_repr_calls_an_accuracy_so(frame: pd.DataFrame) -> None:
    shown = repr(Runs.from_frame(frame.assign(loss=[0.2, 0.3, 0.5, 0.6]), response="accuracy"))
    assert re.search(r"accuracy +0.2-0.6$", shown, re.MULTILINE)
    assert "loss" not in shown


def test_html_escapes_all_text_of_the_user(frame: pd.DataFrame) -> None:
    bad = "<script>alert('x')</script>"
    table = frame.assign(corpus=bad).rename(columns={"N": "<b>", "corpus": "<i>"})
    html = Runs.from_frame(table, params="<b>", factors=["<i>"])._repr_html_()
    assert "&lt;script&gt;" in html
    assert not re.search(r"<script|<b>|<i>", html)
    assert "<li>Factor" in html


# Errors -------------------------------------------------------------------------------------


def test_errors_share_a_base_and_print_plainly() -> None:
    assert issubclass(RunsError, BayesScalingError)
    assert issubclass(RunsError, ValueError)
    assert str(UnknownLawError("no law 'x'")) == "no law 'x'"
