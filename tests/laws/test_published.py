"""The published parameter sets: complete, named as the laws name them, and true to their papers."""

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import brentq

import bayes_scaling as bs
from bayes_scaling.errors import ModelError
from bayes_scaling.laws import PublishedSet, find_law, published, published_set
from bayes_scaling.laws.published_parameters.lookup import published_sets
from bayes_scaling.model.inputs import scales
from bayes_scaling.units import PF_DAY

SETS = list(published_sets().values())
GOPHER = 5.76e23

OVERTRAINED = "data stop paying at thousands of tokens per parameter, and so exponents are small"
SMALL = "models of at most 220M parameters, from which a high floor is extrapolated"
SHARP = "addition is learned at once, at some number of examples, and text is not"
OUTSIDE = {
    "sardana2024-100": ({"E", "alpha", "beta"}, OVERTRAINED),
    "sardana2024-250": ({"alpha", "beta"}, OVERTRAINED),
    "sardana2024-500": ({"alpha", "beta"}, OVERTRAINED),
    "sardana2024-all": ({"alpha"}, OVERTRAINED),
    "caballero2023-addition": ({"c1", "f1"}, SHARP),
    "kumar2025": ({"E"}, SMALL),
}
"""Parameters that no default prior expects, by set, and what is particular about its runs."""


def frontier(key: str, flops: float) -> tuple[float, float]:
    entry = published_set(key)
    used = {name: value for name, value in entry.parameters.items() if name != "E"}
    return entry.law.optimum(flops, **used)


@pytest.mark.parametrize("entry", SETS, ids=lambda entry: entry.key)
class TestEverySet:
    def test_law_and_parameters_are_those_of_the_package(self, entry: PublishedSet) -> None:
        assert find_law(entry.law.name) is type(entry.law)
        assert set(entry.parameters) == set(entry.law.priors)
        assert all(np.isfinite(value) for value in entry.parameters.values())

    def test_intervals_are_in_order(self, entry: PublishedSet) -> None:
        assert all(low < high for low, high in entry.intervals.values())
        assert bool(entry.intervals) == bool(entry.interval)

    def test_its_source_is_given(self, entry: PublishedSet) -> None:
        assert entry.status in {"P", "R", "S"}
        assert entry.counts in {"total", "non-embedding", "active", "not stated", "no parameters"}
        assert str(entry.year) in entry.paper
        assert entry.year >= 2000 + int(entry.arxiv[:2])
        assert entry.where
        assert entry.data
        assert entry.cite

    def test_it_can_be_evaluated(self, entry: PublishedSet) -> None:
        usual = {"params": 1e9, "tokens": 2e10, "flops": 1.2e20, "tokens_per_param": 20.0}
        usual |= {"unique_tokens": 1e10, "experts": 8.0, "streams": 2.0, "examples": 500.0}
        usual |= {"steps": 1e5, "task_loss": 2.8, "granularity": 8.0}
        usual |= {"activation_ratio": 0.03, "weight_bits": 4.0, "activation_bits": 8.0}
        usual |= {"cache_bits": 8.0, "teacher_loss": 2.4}
        usual |= {"non_vocab_params": 1e9, "vocab_params": 5e7}
        value = float(entry.loss(**{name: usual[name] for name in entry.law.inputs}))
        assert np.isfinite(value)
        assert entry.law.responses == ("metric",) or 0.3 < value < 6.0

    def test_it_gives_its_check_values(self, entry: PublishedSet) -> None:
        assert entry.checks
        for check in entry.checks:
            # Values are written to eight digits.
            assert entry.loss(**check.at) == pytest.approx(check.value, rel=1e-7)

    def test_it_is_what_the_priors_of_the_law_expect(  # type: ignore[no-untyped-def]
        self, entry: PublishedSet, sweep
    ) -> None:
        law = entry.law
        units = scales(law, sweep(law, entry.parameters))
        reference = law.rescale({name: 1 / one for name, one in units.items()}, entry.parameters)
        ranges = {name: prior.range(0.9) for name, prior in law.priors.items()}
        outside = {n for n, (low, high) in ranges.items() if not low <= reference[n] <= high}
        assert outside == OUTSIDE.get(entry.key, (set(), ""))[0]


def test_the_table_has_a_row_for_each_parameter() -> None:
    table = published()
    derived = sum(len(set(entry.intervals) - set(entry.parameters)) for entry in SETS)
    assert len(table) == sum(len(entry.parameters) for entry in SETS) + derived
    assert table.index.is_unique
    assert table["value"].notna().all()
    assert (table["lower"].notna() == (table["interval"] != "")).all()


def test_the_table_of_one_law_takes_all_its_options() -> None:
    assert set(published("powerlaw")["law"]) == {
        f"PowerLaw(input='{name}', floor=False)" for name in ("params", "tokens", "flops")
    }
    assert set(published(bs.laws.Parallel)["cite"]) == {"chen2025parallel"}


def test_a_key_that_is_not_known_names_those_that_are() -> None:
    with pytest.raises(ModelError, match=r"'besiroglu'.*Did you mean 'besiroglu2024'.*Sets: kap"):
        published_set("besiroglu")


def test_missing_and_unknown_inputs_are_named() -> None:
    with pytest.raises(ModelError, match=r"reads params, tokens: missing \['tokens'\].*none"):
        published_set("hoffmann2022").loss(params=1e9)
    with pytest.raises(ModelError, match=r"unknown \['steps'\]"):
        published_set("hoffmann2022").loss(params=1e9, tokens=1e10, steps=1e5)


def test_a_set_with_parameters_of_another_law_is_refused() -> None:
    besiroglu = published_set("besiroglu2024")
    about = {"paper": "x", "year": 2024, "arxiv": "2404.10102", "cite": "x", "where": "x"}
    about |= {"data": "x", "counts": "total", "status": "P"}
    with pytest.raises(ModelError, match=r"'own'.*\['E'\].*Parallel\(\).*every parameter"):
        PublishedSet(key="own", law=bs.laws.Parallel(), parameters={"E": 1.0}, **about)
    with pytest.raises(ModelError, match="intervals of"):
        PublishedSet(
            key="own",
            law=besiroglu.law,
            parameters=besiroglu.parameters,
            intervals={"gamma": (0.0, 1.0)},
            **about,
        )


def test_a_set_is_frozen_and_prints_its_numbers() -> None:
    entry = published_set("besiroglu2024")
    assert repr(entry).startswith("PublishedSet('besiroglu2024', Chinchilla(): E=1.817, A=482")
    with pytest.raises(TypeError, match="does not support item assignment"):
        entry.parameters["E"] = 1.0  # type: ignore[index]


def test_compute_and_ratio_follow_from_params_and_tokens() -> None:
    entry = published_set("gadre2024-c4")
    by_size = entry.loss(params=1.4e9, tokens=2.8e10)
    assert by_size == entry.loss(flops=6 * 1.4e9 * 2.8e10, tokens_per_param=20.0)


class TestKaplan:
    def test_scales_are_the_printed_ones(self) -> None:
        critical = [
            published_set(f"kaplan2020-{name}").derived["critical"]
            for name in ("params", "tokens", "compute", "compute-fixed-batch")
        ]
        printed = [8.8e13, 5.4e13, 3.1e8 * PF_DAY, 1.6e7 * PF_DAY]
        np.testing.assert_allclose(critical, printed, rtol=1e-9)

    def test_the_laws_in_compute_and_tokens_contradict_each_other_where_the_paper_says(
        self,
    ) -> None:
        in_compute, in_tokens = (
            published_set("kaplan2020-compute"),
            published_set("kaplan2020-tokens"),
        )

        def gap(log_days: float) -> float:
            days = np.exp(log_days)
            tokens = 2e10 * days**0.27
            return in_tokens.loss(tokens=tokens) - in_compute.loss(flops=days * PF_DAY)

        days = np.exp(brentq(gap, np.log(1.0), np.log(1e9)))
        assert days == pytest.approx(1.12e4, rel=0.01)
        assert in_compute.loss(flops=days * PF_DAY) == pytest.approx(1.668, rel=0.01)
        assert 1.3e9 * days**0.73 == pytest.approx(1.17e12, rel=0.01)

    def test_the_joint_law_overfits_by_two_per_cent_at_the_papers_threshold(self) -> None:
        joint = published_set("kaplan2020-joint")
        params = np.geomspace(1e6, 1e11, 6)
        tokens = 5.52e3 * params ** (0.076 / 0.103)
        excess = joint.loss(params=params, tokens=tokens) / joint.loss(params=params, tokens=np.inf)
        # The factor 5.52e3 has three digits.
        np.testing.assert_allclose(excess - 1, 0.02, rtol=0.002)

    def test_stopping_early_takes_more_params_and_fewer_steps(self) -> None:
        law = published_set("kaplan2020-steps")
        limit = law.loss(params=1e9, steps=np.inf)
        steps = brentq(lambda s: law.loss(params=1e9, steps=s) / limit - 1.02, 1e3, 1e7)
        late = law.loss(params=1e9, steps=steps)
        early = law.loss(params=2.67e9, steps=0.133 * steps)
        assert early == pytest.approx(late, rel=0.001)
        assert early / law.loss(params=2.67e9, steps=np.inf) == pytest.approx(1.10, abs=0.002)


@pytest.mark.parametrize(
    ("key", "params", "tokens_per_param"),
    [
        ("hoffmann2022", 4.036e10, 58.9),
        ("hoffmann2022-rounded", 3.219e10, 92.6),
        ("besiroglu2024", 7.225e10, 18.39),
    ],
)
def test_optimum_at_the_budget_of_gopher(key: str, params: float, tokens_per_param: float) -> None:
    found, tokens = frontier(key, GOPHER)
    assert found == pytest.approx(params, rel=0.005)
    assert tokens / found == pytest.approx(tokens_per_param, rel=0.005)


def test_loss_of_the_replication_at_its_optimum() -> None:
    params, tokens = frontier("besiroglu2024", GOPHER)
    loss = published_set("besiroglu2024").loss(params=params, tokens=tokens)
    assert loss == pytest.approx(1.9744, abs=5e-4)


@pytest.mark.parametrize(
    ("quality", "demand", "params", "data", "flops"),
    [(30e9, 1e13, 13.61e9, 2.845, -0.2798), (7e9, 1e11, 6.00e9, 1.176, None)],
)
def test_sardanas_examples(
    quality: float, demand: float, params: float, data: float, flops: float | None
) -> None:
    """Least compute of training and inference at the loss of an optimal model of that size."""
    entry = published_set("sardana2024-hoffmann")
    p = entry.parameters
    usual = (p["beta"] * p["B"] / (p["alpha"] * p["A"]) * quality ** p["alpha"]) ** (1 / p["beta"])
    target = entry.loss(params=quality, tokens=usual)

    def tokens(size: np.ndarray | float) -> np.ndarray | float:
        left = target - p["E"] - p["A"] * size ** -p["alpha"]
        return (left / p["B"]) ** (-1 / p["beta"])

    sizes = quality * np.linspace(0.3, 1.0, 70_001)
    with np.errstate(invalid="ignore"):
        total = 6 * sizes * tokens(sizes) + 2 * sizes * demand
    best = sizes[np.nanargmin(total)]
    assert best == pytest.approx(params, rel=0.01)
    assert tokens(best) / usual == pytest.approx(data, rel=0.01)
    if flops is not None:
        chinchilla = 6 * quality * usual + 2 * quality * demand
        assert np.nanmin(total) / chinchilla - 1 == pytest.approx(flops, rel=0.01)


def test_exponent_of_all_of_sardanas_runs() -> None:
    assert published_set("sardana2024-all").derived["a"] == pytest.approx(0.571, abs=5e-4)


class TestGadre:
    @pytest.fixture
    def runs(self, shared_data) -> pd.DataFrame:
        table = pd.read_csv(shared_data / "gadre_overtraining.csv")
        return table[(table["dataset"] == "redpajama") & (table["role"] == "target")]

    @pytest.mark.parametrize(
        ("params", "ratio", "loss", "error"),
        [(1.4e9, 640, 0.7103, 3.6365), (6.9e9, 20, 0.7320, 0.0464)],
    )
    def test_relative_errors_of_the_two_targets(
        self, runs: pd.DataFrame, params: float, ratio: float, loss: float, error: float
    ) -> None:
        near = np.isclose(runs["params"], params, rtol=0.1) & (runs["token_multiplier"] == ratio)
        [(_, run)] = runs[near].iterrows()
        expected = published_set("gadre2024-redpajama").loss(
            params=run["params"], tokens=run["tokens"]
        )
        # Printed to four digits, the constants give these errors to a tenth of a point.
        assert 100 * abs(expected / run["loss"] - 1) == pytest.approx(loss, abs=0.1)
        task = published_set("gadre2024-error17-redpajama").loss(task_loss=expected)
        assert 100 * abs(task / run["error_avg17"] - 1) == pytest.approx(error, abs=0.1)


def test_clarks_small_model_with_many_experts_is_like_a_larger_dense_one() -> None:
    # The secondary source: 5M with 128 experts is about a dense 55M. Half a per cent of loss is
    # 6 % of size.
    entry = published_set("clark2022-s-base")
    routed = entry.loss(params=5e6, experts=128.0)
    assert routed == pytest.approx(entry.loss(params=55e6, experts=1.0), rel=0.005)


def test_eight_streams_are_worth_more_on_code_than_on_text() -> None:
    worth = [
        1 + published_set(f"chen2025-{data}").parameters["k"] * np.log(8)
        for data in ("python", "pile")
    ]
    for data, factor in zip(("python", "pile"), worth, strict=True):
        entry = published_set(f"chen2025-{data}")
        streams = entry.loss(params=1.6e9, streams=8.0)
        assert streams == pytest.approx(entry.loss(params=factor * 1.6e9, streams=1.0), rel=1e-12)
    assert worth[0] > worth[1]


def test_the_broken_law_extrapolates_addition_as_published(shared_data) -> None:
    table = pd.read_csv(shared_data / "addition_broken_curve.csv")
    expected = published_set("caballero2023-addition").loss(examples=table["x"].to_numpy())
    squares = (np.log(expected) - np.log(table["y"])) ** 2
    by_split = np.sqrt(squares.groupby(table["split"]).mean())
    assert by_split["train"] <= 7e-4
    assert by_split["test"] <= 0.012
