"""Counts of parameters and FLOP, against formulas worked out by hand and Pearce and Song's."""

import numpy as np
import pytest
import xarray as xr

from bayes_scaling import accounting
from bayes_scaling.accounting.counts import OMEGA
from bayes_scaling.laws import published_set

COUNTS = np.geomspace(1.0, 1e13, 27)
SHAPE = {"layers": 2, "d_model": 3, "heads": 5, "vocabulary": 7, "context": 11}


def test_total_params_is_the_published_relation() -> None:
    expected = COUNTS + 47491 * np.cbrt(COUNTS)
    np.testing.assert_allclose(accounting.total_params(COUNTS), expected, rtol=1e-12)


def test_embeddings_of_a_known_shape_are_counted() -> None:
    assert accounting.total_params(1e6, vocabulary=100, d_model=10) == 1e6 + 1000
    assert accounting.total_params(1e6, vocabulary=100, d_model=10, context=50) == 1e6 + 1500


@pytest.mark.parametrize("shape", [{}, {"vocabulary": 50_000, "d_model": 512, "context": 1024}])
def test_there_and_back_is_the_start(shape: dict[str, float]) -> None:
    there = accounting.total_params(COUNTS, **shape)
    back = accounting.non_embedding_params(there, **shape)
    # Subtracting 26 million embeddings leaves a count of 1 with the last digits of the sum.
    np.testing.assert_allclose(back, COUNTS, rtol=1e-10 if not shape else 1e-8)


def test_labelled_counts_stay_labelled() -> None:
    draws = xr.DataArray(COUNTS, dims="draw")
    assert accounting.total_params(draws).dims == ("draw",)
    assert accounting.non_embedding_params(draws).dims == ("draw",)


def test_embeddings_need_both_sizes() -> None:
    with pytest.raises(ValueError, match=r"d_model=None.*product of both.*Give both"):
        accounting.total_params(1e6, vocabulary=100)
    with pytest.raises(ValueError, match="vocabulary=None"):
        accounting.non_embedding_params(1e6, d_model=10)


def test_a_total_smaller_than_its_embeddings_is_refused() -> None:
    with pytest.raises(ValueError, match=r"total is 1e\+06.*2\.56e\+07"):
        accounting.non_embedding_params(np.array([1e9, 1e6]), vocabulary=50_000, d_model=512)


def test_flops_per_token_is_appendix_f_by_hand() -> None:
    # Layers 2, width 3, 5 heads of key size 2, feed-forward 13, vocabulary 7, context 11.
    count = accounting.flops_per_token(**SHAPE, ff=13, key_size=2)
    assert dict(count.breakdown) == {
        "embeddings": 2 * 7 * 3,
        "query_key_value": 2 * (2 * 3 * 3 * 10),
        "attention_logits": 2 * (2 * 11 * 10),
        "softmax": 2 * (3 * 5 * 11),
        "attention_reduction": 2 * (2 * 11 * 10),
        "attention_output": 2 * (2 * 10 * 3),
        "feed_forward": 2 * (2 * (3 * 13 + 3 * 13)),
        "final_logits": 2 * 3 * 7,
    }
    assert count.forward == 42 + 360 + 440 + 330 + 440 + 120 + 312 + 42
    assert count.backward == 2 * count.forward
    assert count.total == 3 * 2086


def test_the_usual_proportions_are_the_defaults() -> None:
    assert accounting.flops_per_token(**SHAPE) == accounting.flops_per_token(
        **SHAPE, ff=12, key_size=0.6
    )


@pytest.mark.parametrize(
    ("shape", "ratio"),
    [
        # (24 L d^2 + 4 L s d + 3 L h s + 4 V d) / (24 L d^2 + 2 V d), worked out by hand.
        ((80, 8192, 64), 1.0458),
        ((10, 640, 10), 1.6750),
    ],
)
def test_6nd_is_close_for_large_models_and_not_for_small_ones(
    shape: tuple[int, int, int], ratio: float
) -> None:
    layers, width, heads = shape
    params = accounting.transformer_params(layers, width, ff=4 * width, attention=width)
    params = accounting.total_params(params, vocabulary=32_000, d_model=width)
    count = accounting.flops_per_token(
        layers=layers, d_model=width, heads=heads, vocabulary=32_000, context=2048
    )
    assert count.total / (6 * params) == pytest.approx(ratio, abs=5e-5)


def test_without_attention_and_embeddings_it_is_6n() -> None:
    # A context and a vocabulary of next to nothing leave two FLOP for each weight, three times.
    count = accounting.flops_per_token(
        layers=4, d_model=64, heads=4, vocabulary=1e-12, context=1e-12
    )
    params = accounting.transformer_params(4, 64, ff=256, attention=64)
    assert count.total == pytest.approx(6 * params, rel=1e-12)


def test_a_shape_that_cannot_be_is_refused() -> None:
    with pytest.raises(ValueError, match=r"\{'heads': 0\} is not positive.*Check the shape"):
        accounting.flops_per_token(**{**SHAPE, "heads": 0}, key_size=1)


def optimal_non_embedding(key: str, non_embedding: np.ndarray) -> np.ndarray:
    """Compute 6 N D, without embeddings, at which each size has the least loss.

    The loss is a law of all parameters; the derivative of L(N_T(N), C / 6N) in ln N vanishes.
    """
    p = published_set(key).parameters
    total = accounting.total_params(non_embedding)
    slope = non_embedding + OMEGA / 3 * np.cbrt(non_embedding)
    gain = p["alpha"] * p["A"] * total ** (-p["alpha"] - 1) * slope
    tokens = (p["beta"] * p["B"] / gain) ** (1 / p["beta"])
    return 6 * non_embedding * tokens


@pytest.mark.parametrize(("key", "exponent"), [("besiroglu2024", 0.786), ("hoffmann2022", 0.744)])
def test_leaving_embeddings_out_gives_kaplans_exponent(key: str, exponent: float) -> None:
    sizes = np.geomspace(790, 1.58e9, 20_001)
    log_flops = np.log(optimal_non_embedding(key, sizes))
    even = np.linspace(log_flops[0], log_flops[-1], 2001)
    slope = np.polyfit(even, np.interp(even, log_flops, np.log(sizes)), 1)[0]
    assert slope == pytest.approx(exponent, abs=0.005)


@pytest.mark.parametrize("key", ["besiroglu2024", "hoffmann2022"])
@pytest.mark.parametrize(("size", "share"), [(1e-6, 1 / 3), (1e22, 1.0)], ids=["small", "large"])
def test_limits_of_the_local_exponent(key: str, size: float, share: float) -> None:
    p = published_set(key).parameters
    sizes = size * np.array([0.99, 1.01])
    log_flops = np.log(optimal_non_embedding(key, sizes))
    local = np.log(sizes[1] / sizes[0]) / (log_flops[1] - log_flops[0])
    assert local == pytest.approx(p["beta"] / (share * p["alpha"] + p["beta"]), rel=1e-6)
