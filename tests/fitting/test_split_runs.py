"""The hint that a law holds for some of the runs only."""

import re
from dataclasses import replace

import bayes_scaling as bs
from bayes_scaling.fitting.split_runs import split_runs


def test_few_degrees_of_freedom_are_noted_with_a_remedy(stored_fit: bs.ScalingFit) -> None:
    assert not split_runs(stored_fit.posterior)
    few = stored_fit.posterior.assign(noise_df=0.01 * stored_fit.posterior["noise_df"])
    [note] = [one for one in replace(stored_fit, posterior=few).notes if "degrees" in one]
    assert re.match(r"The scatter has 0\.\d+ degrees of freedom: the law holds for some of", note)
    assert "LogStudentT(df=bs.Prior.fixed_at(2.0))" in note


def test_other_noise_has_none(stored_fit: bs.ScalingFit) -> None:
    assert not split_runs(stored_fit.posterior.drop_vars("noise_df"))
