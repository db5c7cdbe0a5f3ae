"""Notes on tables whose numbers are of other units, responses or runs than they seem."""

import numpy as np
import pandas as pd
import pytest

import bayes_scaling as bs
from bayes_scaling.errors import BayesScalingError
from bayes_scaling.units import format_flops


@pytest.fixture
def table() -> pd.DataFrame:
    params = np.repeat(np.geomspace(1.25e8, 2.7e9, 6), 3)
    tokens = params * np.tile([8.0, 20.0, 50.0], 6)
    loss = 1.7 + 480 * params**-0.34 + 2085 * tokens**-0.37
    return pd.DataFrame({"params": params, "tokens": tokens, "loss": loss})


def notes(table: pd.DataFrame, *factors: str) -> str:
    return " ".join(bs.Runs.from_frame(table, factors=factors).notes)


def test_a_good_table_has_none(table: pd.DataFrame) -> None:
    assert notes(table) == ""


def test_counts_of_two_units_in_one_column_are_noted(table: pd.DataFrame) -> None:
    table.loc[12:, "params"] /= 1e9
    assert "6 runs of 1.5 parameters or more beside others of up to 7.89" in notes(table)


def test_rows_of_sums_and_summaries_are_noted(table: pd.DataFrame) -> None:
    total = pd.concat([table, table.sum().to_frame().T.assign(loss=2.5)], ignore_index=True)
    said = "1 row of 19 may be no run, but a sum or a summary of the others (row '{}')"
    assert said.format(18) in notes(total)
    mean = pd.concat([table, table.mean().to_frame("Mean").T])
    assert said.format("Mean") in notes(mean)
    few = pd.DataFrame({"N": [1e8, 2e8, 3e8], "D": [2e9, 4e9, 6e9], "loss": [3.0, 2.9, 2.8]})
    assert "summary" not in notes(few)
    assert "summary" not in notes(table.set_axis([f"total {row}" for row in range(18)]))


def test_compute_in_logarithms_or_units_is_noted(table: pd.DataFrame) -> None:
    flops = 6 * table["params"] * table["tokens"]
    for read in (np.log10(flops), flops / 1e18):
        found = notes(pd.DataFrame({"C": read, "loss": table["loss"]}))
        assert "FLOP: they look like millions, billions or logarithms." in found
        assert "as in 'flops (EFLOP)'" in found
    assert notes(pd.DataFrame({"C": flops, "loss": table["loss"]})) == ""


def test_a_column_that_may_be_one_that_lacks_is_noted(table: pd.DataFrame) -> None:
    found = notes(table.rename(columns={"tokens": "tokens of the run"}))
    assert "No column is read as tokens, and 'tokens of the run' may hold them" in found
    asked = bs.Runs.from_frame(table.assign(gpu_flops=1.0), flops=False, tokens=False)
    assert not any("No column is read" in note for note in asked.notes)
    speeds = table[["params", "loss"]].assign(tokens_per_s=1e5, batch_tokens=5e5, gflops=9.0)
    assert "'tokens_per_s'" not in notes(speeds)
    assert "'batch_tokens'" not in notes(speeds)


def test_a_count_by_a_convention_is_taken_where_there_is_no_other(table: pd.DataFrame) -> None:
    renamed = table.rename(columns={"params": "non_embedding_params"})
    runs = bs.Runs.from_frame(renamed)
    assert runs.sources["params"] == "column 'non_embedding_params', without embeddings"
    other = bs.Runs.from_frame(renamed, inputs={"size": "non_embedding_params"})
    assert other.inputs == ("tokens", "size")
    two = renamed.assign(active_params=renamed["non_embedding_params"])
    assert "params" not in bs.Runs.from_frame(two).inputs


def test_tokens_are_not_taken_for_params() -> None:
    frame = pd.DataFrame({"N (tokens)": [1e9, 2e9], "loss": [3.0, 2.9]})
    assert bs.Runs.from_frame(frame).inputs == ("tokens",)


def test_losses_that_rise_are_noted(table: pd.DataFrame) -> None:
    rising = table.assign(loss=5 - table["loss"])
    assert "Losses rise with params x tokens (rank correlation" in notes(rising)
    accuracies = rising.assign(loss=rising["loss"] / 5)
    runs = bs.Runs.from_frame(accuracies, loss="loss", response="accuracy")
    assert not any("rise" in note for note in runs.notes)


def test_levels_that_look_alike_and_levels_of_one_run_are_noted(table: pd.DataFrame) -> None:
    table["corpus"] = ["c4", "c4 ", "C4", *["web"] * 14, "books"]
    found = notes(table, "corpus")
    assert "levels that differ by case or spaces only ('c4', 'c4 ', 'C4')" in found
    assert "has one run in 4 levels" in found


def test_rows_of_one_run_are_noted(table: pd.DataFrame) -> None:
    table["run"] = np.repeat(["a", "b", "c"], 6)
    assert "Column 'run' names 3 runs in 18 rows" in notes(table)


@pytest.mark.parametrize(
    ("columns", "units"),
    [
        ({"params": "N (B)", "tokens": "Tokens (T)"}, {"params": 1e9, "tokens": 1e12}),
        ({"params": "params_M", "tokens": "billions of tokens"}, {"params": 1e6, "tokens": 1e9}),
        ({"params": "Model size [1e6]", "tokens": "D"}, {"params": 1e6}),
        ({"params": "Params, M", "tokens": "D_billions"}, {"params": 1e6, "tokens": 1e9}),
    ],
)
def test_the_unit_in_the_name_of_a_column_holds(
    table: pd.DataFrame, columns: dict[str, str], units: dict[str, float]
) -> None:
    scaled = table.assign(**{name: table[name] / unit for name, unit in units.items()})
    runs = bs.Runs.from_frame(scaled.rename(columns=columns))
    for name in ("params", "tokens"):
        np.testing.assert_allclose(runs.values(name), table[name])
    assert runs.notes == ()
    for name, unit in units.items():
        assert runs.sources[name] == f"column {columns[name]!r}, times {format_flops(unit)}"


def test_compute_may_be_in_pf_days(table: pd.DataFrame) -> None:
    compute = 6 * table["params"] * table["tokens"]
    scaled = table.drop(columns="tokens").assign(**{"compute (PF-days)": compute / 8.64e19})
    runs = bs.Runs.from_frame(scaled)
    np.testing.assert_allclose(runs.values("tokens"), table["tokens"])


def test_plain_counts_stay_whatever_the_name_of_their_column_says(table: pd.DataFrame) -> None:
    runs = bs.Runs.from_frame(table.rename(columns={"params": "params_B"}))
    np.testing.assert_array_equal(runs.values("params"), table["params"])
    assert "(column 'params_B') holds plain counts (up to 2.7e+09)" in runs.notes[0]
    written = table.assign(params=[f"{size / 1e6:.0f}M" for size in table["params"]])
    runs = bs.Runs.from_frame(written.rename(columns={"params": "params (M)"}))
    np.testing.assert_allclose(runs.values("params"), table["params"], rtol=0.01)
    both = bs.Runs.from_frame(table.assign(**{"params (B)": table["params"] / 1e9}))
    assert "params" not in both.sources  # the column without a unit is taken


@pytest.mark.parametrize("name", ["tflops", "params_ms", "n_b"])
def test_names_that_only_look_like_units_play_no_part(table: pd.DataFrame, name: str) -> None:
    runs = bs.Runs.from_frame(table.assign(**{name: 3.0}))
    assert name in runs.table
    assert not runs.notes


def test_words_for_failed_runs_are_left_out_on_request(table: pd.DataFrame) -> None:
    failed = table.astype({"loss": object})
    failed.loc[[2, 5], "loss"] = ["OOM", "diverged"]
    with pytest.raises(BayesScalingError, match='missing="drop" to leave these rows out'):
        bs.Runs.from_frame(failed)
    runs = bs.Runs.from_frame(failed, missing="drop")
    assert runs.dropped == 2
    assert "2 rows with missing values were left out (rows '2', '5')." in runs.notes


def test_a_unit_in_the_name_holds_for_cells_without_a_suffix(table: pd.DataFrame) -> None:
    sizes = [f"{size / 1e9:.4f}" for size in table["params"]]
    mixed = table.assign(params=["125M", *sizes[1:]]).rename(columns={"params": "params (B)"})
    np.testing.assert_allclose(bs.Runs.from_frame(mixed).values("params"), table["params"], 1e-3)


def test_accuracies_in_percent_are_fractions(table: pd.DataFrame) -> None:
    scores = table.drop(columns="loss").assign(**{"acc (%)": np.linspace(30.0, 60.0, 18)})
    runs = bs.Runs.from_frame(scores, loss="acc (%)", response="accuracy")
    np.testing.assert_allclose(runs.values("loss"), np.linspace(0.3, 0.6, 18))
    assert "divided by 100" in runs.notes[0]
    with pytest.raises(BayesScalingError, match=r'an accuracy, by its name.*response="accuracy"'):
        bs.Runs.from_frame(scores, loss="acc (%)")


def test_accuracies_written_with_a_percent_sign_are_fractions(table: pd.DataFrame) -> None:
    scores = table.drop(columns="loss").assign(accuracy=[f"{30 + row} %" for row in range(18)])
    runs = bs.Runs.from_frame(scores, response="accuracy")
    np.testing.assert_allclose(runs.values("loss"), np.arange(30, 48) / 100)
    assert "divided by 100" in runs.notes[0]
    scores.loc[0, "accuracy"] = "0.3"
    with pytest.raises(BayesScalingError, match="17 values that are not numbers"):
        bs.Runs.from_frame(scores, response="accuracy")


def test_compute_of_a_constant_factor_is_taken_whole(table: pd.DataFrame) -> None:
    """Twice 6ND is within a factor of two, whatever the rounding of a row says."""
    doubled = table.assign(flops=2 * 6 * table["params"] * table["tokens"])
    assert len(bs.Runs.from_frame(doubled)) == len(table)
