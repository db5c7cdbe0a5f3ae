"""Conventions of columns, as far as names and sizes say them."""

import pandas as pd
import pytest

from bayes_scaling.errors import RunsError
from bayes_scaling.runs import Runs


def frame(**columns: object) -> pd.DataFrame:
    return pd.DataFrame({"N": [1e8, 1e9], "D": [2e9, 3e10], "loss": [3.5, 2.9], **columns})


@pytest.mark.parametrize("name", ["ppl", "val_ppl", "eval/perplexity", "test perplexity"])
def test_a_perplexity_is_asked_about(name: str) -> None:
    table = frame(**{name: [30.0, 15.0]})
    with pytest.raises(RunsError, match=r"is a perplexity, .* Take its logarithm.*response="):
        Runs.from_frame(table, loss=name)
    assert Runs.from_frame(table, loss=name, response="metric").response == "metric"


@pytest.mark.parametrize("name", ["sum_loss", "nll_sum", "summed nll"])
def test_a_sum_is_asked_about(name: str) -> None:
    with pytest.raises(RunsError, match=r"is a sum over tokens, .* Divide it by the number"):
        Runs.from_frame(frame(**{name: [3e5, 2e5]}), loss=name)


def test_losses_too_large_for_nats_per_token_are_noted() -> None:
    (note,) = (n for n in Runs.from_frame(frame(loss=[30.0, 12.0])).notes if "perplexity" in n)
    assert note.startswith("1 loss up to 30 (row '0')")
    assert not any("perplexity" in note for note in Runs.from_frame(frame(loss=[12.0, 2])).notes)
    scores = Runs.from_frame(frame(loss=[60.0, 70.0]), response="metric")
    assert not any("perplexity" in note for note in scores.notes)


@pytest.mark.parametrize(
    ("losses", "column", "word"),
    [
        ([9.0, 7.5], "loss", "perplexity"),
        ([1.3, 0.9], "loss", "bits per byte"),
        ([0.7, 0.4], "loss", "If these are accuracies, say response='accuracy'"),
        ([1.3, 0.9], "bits_per_byte", ""),
        ([3.5, 1.2], "loss", ""),
    ],
)
def test_losses_that_no_trained_model_has_per_token_are_asked_about(
    losses: list[float], column: str, word: str
) -> None:
    table = frame(loss=losses).rename(columns={"loss": column})
    notes = Runs.from_frame(table, loss=column).notes
    asked = [note for note in notes if note.startswith("Every loss is")]
    assert len(asked) == bool(word)
    assert all(word in note for note in asked)


@pytest.mark.parametrize(
    ("part", "name", "counted"),
    [
        ("params", "params_non_embedding", ", without embeddings"),
        ("params", "n_params (with embeddings)", ", with embeddings"),
        ("params", "active_params", ", active for each token"),
        ("params", "model size", ""),
        ("flops", "flops_6nd", ", 6ND"),
        ("flops", "flops incl. attention", ", attention included"),
        ("flops", "flops without attention", ", without attention"),
        ("flops", "C (attention excluded)", ", without attention"),
        ("params", "N_emb_included", ", with embeddings"),
        ("flops", "forward_flops", ", forward pass only"),
        ("loss", "val/bpb", ", in bits per byte"),
        ("loss", "bits_per_byte", ", in bits per byte"),
        ("loss", "val_loss", ""),
    ],
)
def test_conventions_are_recorded(part: str, name: str, counted: str) -> None:
    table = frame(C=6 * frame()["N"] * frame()["D"]).rename(
        columns={{"params": "N", "flops": "C"}.get(part, part): name}
    )
    runs = Runs.from_frame(table, **{part: name})  # type: ignore[arg-type]
    assert runs.sources[part] == f"column {name!r}{counted}"
    assert runs.where(run="0").sources[part] == runs.sources[part]
