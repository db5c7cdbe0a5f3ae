from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

import bayes_scaling as bs
from bayes_scaling.fitting.provenance import runs_csv, table_digest
from bayes_scaling.reporting.sections.reproducing import code, law_source

NAME = "<img src='x'>"


def test_the_code_makes_the_same_model_of_the_same_table(
    converged_fit: bs.ScalingFit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = bs.ScalingModel(
        bs.laws.DataConstrained(tied=True),
        vary=[bs.Vary("E", by=NAME, spread=bs.Prior.gamma(5, 20))],
        priors={"alpha": bs.Prior.between(0.2, 0.5), "E": bs.Prior.between(1.5, 2, units="paper")},
        noise=bs.noise.LogStudentT(by="flops", df=bs.Prior.gamma(2, 0.5)),
    )
    labels = ["NA", "1", "a 'b' \"c\", 🚀"]
    table = converged_fit.runs.table.assign(unique_tokens=1e9 / 3)
    table[NAME] = [labels[number % 3] for number in range(len(table))]
    runs = bs.Runs(
        table,
        inputs=("params", "tokens", "flops", "unique_tokens"),
        factors=(NAME,),
        reference={"params": 1e9},
    )
    fit = replace(converged_fit, model=model, runs=runs)
    (tmp_path / "runs.csv").write_text(runs_csv(runs), encoding="utf-8", newline="\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(bs, "fit", lambda model, runs, **settings: (model, runs, settings), False)
    names: dict = {}
    exec(code(fit, None, None), names)
    made, again, settings = names["fit"]
    assert repr(made) == repr(model)
    assert made.parameters == model.parameters
    assert made.vary == model.vary
    assert made.noise == model.noise
    pd.testing.assert_frame_equal(again.table[list(runs.inputs)], runs.table[list(runs.inputs)])
    assert table_digest(again) == table_digest(runs)
    assert again.reference == runs.reference
    assert settings["seed"] == fit.settings.seed


def test_another_number_is_another_digest(converged_fit: bs.ScalingFit) -> None:
    table = converged_fit.runs.table
    table.loc[table.index[0], "loss"] *= 1 + 1e-15
    changed = bs.Runs(table, inputs=converged_fit.runs.inputs)
    assert table_digest(changed) != table_digest(converged_fit.runs)


def test_a_law_of_ones_own_comes_with_its_code(plain_law: type[bs.Law]) -> None:
    source = law_source(plain_law())
    assert source is not None
    assert "return E + tokens**-beta" in source
    assert law_source(bs.laws.Chinchilla()) is None
