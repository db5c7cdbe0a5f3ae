"""Powers of data by their logarithms say the same, of the same parameters."""

import numpy as np
import pandas as pd
import pytest
from pytensor.graph.traversal import ancestors
from pytensor.xtensor import as_xtensor

import bayes_scaling as bs
from bayes_scaling.laws import Law
from bayes_scaling.model.logarithms import by_logarithms
from tests.laws.test_laws import LAWS, example


@pytest.mark.parametrize("law", LAWS, ids=repr)
def test_any_law_has_its_value_from_logarithms_of_its_inputs(law: Law) -> None:
    """In the graph of the parameters themselves: copies of random variables have no density."""
    theta, at = example(law, 2)
    data = {name: as_xtensor(values, dims=("run",)) for name, values in at.items()}
    logarithms = {data[name]: as_xtensor(np.log(at[name]), dims=("run",)) for name in at}
    made = {name: 1.0 * as_xtensor(values, dims=("draw",)) for name, values in theta.items()}
    expected = law.evaluate(at, {name: values[:, None] for name, values in theta.items()})
    found = by_logarithms(law.evaluate(data, made), logarithms)
    assert set(made.values()) <= set(ancestors([found]))
    values = found.transpose("draw", "run").eval(mode="FAST_COMPILE")
    np.testing.assert_allclose(values, expected, rtol=1e-9)
    powers = [node.owner for node in ancestors([found]) if node.owner and "Pow" in str(node.owner)]
    assert not any(power.inputs[0] in logarithms for power in powers)


def test_a_law_that_compares_powers_has_a_density() -> None:
    """Where what is replaced lies within what is replaced, too."""
    rng = np.random.default_rng(0)
    table = pd.DataFrame({"params": 10 ** rng.uniform(7, 9, 12), "loss": rng.uniform(2, 4, 12)})
    table["unique_tokens"] = 10 ** rng.uniform(9, 11, 12)
    table["tokens"] = table["unique_tokens"] * rng.choice([1, 2, 4], 12)
    runs = bs.Runs.from_frame(table, inputs=["unique_tokens"])
    model = bs.ScalingModel("DataConstrained").build(runs)
    density = model.compile_logp(mode="FAST_COMPILE")(model.initial_point(0))
    assert np.isfinite(density)
