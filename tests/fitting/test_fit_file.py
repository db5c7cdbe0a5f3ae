"""The file of a fit: what comes back, what is in it, and what is said of other files."""

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pandas as pd
import pytest
import xarray as xr

import bayes_scaling as bs
from bayes_scaling.errors import FitFileError, UnknownLawError


def assert_same(first: bs.ScalingFit, second: bs.ScalingFit) -> None:
    assert first.model == second.model
    assert first.settings == second.settings
    pd.testing.assert_frame_equal(first.runs.table, second.runs.table)
    for name in ("inputs", "factors", "response", "left_out", "notes", "remarks"):
        assert getattr(first.runs, name) == getattr(second.runs, name), name
    assert dict(first.runs.reference) == dict(second.runs.reference)
    assert first.runs.scales_by_hand == second.runs.scales_by_hand
    assert dict(first.runs.sources) == dict(second.runs.sources)
    xr.testing.assert_identical(first.posterior, second.posterior)
    xr.testing.assert_equal(first.sample_stats, second.sample_stats)


def round_trip(fit: bs.ScalingFit, folder: Path) -> bs.ScalingFit:
    return bs.load_fit(fit.save(folder / "fit.nc"))


def test_levels_may_be_called_anything(
    stored_fit: bs.ScalingFit, prior_fit: Callable[..., bs.ScalingFit], tmp_path: Path
) -> None:
    table = stored_fit.runs.table.rename(columns={"corpus": "the corpus: v1.0"})
    names = {"books": "s3://books/en us", "web": "/"}
    table["the corpus: v1.0"] = table["the corpus: v1.0"].map(names)
    runs = bs.Runs.from_frame(table, factors=["the corpus: v1.0"])
    model = bs.ScalingModel("chinchilla", vary=bs.Vary("E", by="the corpus: v1.0"))
    loaded = round_trip(prior_fit(model, runs), tmp_path)
    assert loaded.runs.levels("the corpus: v1.0") == ("/", "s3://books/en us")
    forecast = bs.forecast(loaded, 1e10, 1e11)
    assert list(forecast.draws["the corpus: v1.0"].values) == ["/", "s3://books/en us"]
    assert set(loaded.posterior["E"]["the corpus: v1.0"].values) == set(names.values())


def test_what_is_loaded_is_what_was_saved(stored_fit: bs.ScalingFit, tmp_path: Path) -> None:
    loaded = round_trip(stored_fit, tmp_path)
    assert_same(loaded, stored_fit)
    pd.testing.assert_frame_equal(loaded.summary(), stored_fit.summary())
    fresh, kept = (bs.forecast(fit, 7e10, 1.4e12).draws for fit in (loaded, stored_fit))
    xr.testing.assert_identical(fresh, kept)


MODELS = {
    "plain": bs.ScalingModel("chinchilla"),
    "everything": bs.ScalingModel(
        "chinchilla",
        [bs.Vary("E", by="corpus"), bs.Vary("A", by="corpus", spread=bs.Prior.gamma(2.0, 9.0))],
        {
            "A": bs.Prior.between(100, 1000, units="paper"),
            "alpha": bs.Prior.beta(4.0, 8.0),
            "beta": bs.Prior.fixed_at(0.37),
        },
        bs.noise.LogNormal(sd=bs.Prior.half_normal(0.02)),
    ),
}


@pytest.mark.parametrize("name", MODELS)
def test_every_part_of_a_model_comes_back(
    name: str, stored_fit: bs.ScalingFit, prior_fit: Callable[..., bs.ScalingFit], tmp_path: Path
) -> None:
    fit = prior_fit(MODELS[name], stored_fit.runs)
    assert_same(round_trip(fit, tmp_path), fit)


COLUMNS = {
    "text": ["a", "b", None],
    "eval/loss": [0.1, 0.2, 0.3],
    "flag": [True, False, True],
    "count": [1, 2, 3],
    "maybe": pd.array([1, None, 3], dtype="Int64"),
    "when": pd.to_datetime(["2026-01-01", "2026-01-02", None]),
    "kind": pd.Categorical(["x", "y", "x"]),
    "mixed": [1, "two", None],
    "chain": [0.0, 1.0, 2.0],
}


@pytest.mark.parametrize("column", COLUMNS)
def test_runs_with_other_columns_of_any_kind_can_be_saved(
    column: str, prior_fit: Callable[..., bs.ScalingFit], tmp_path: Path
) -> None:
    frame = pd.DataFrame(
        {"params": [1e8, 1e9, 1e10], "tokens": [9e9, 5e10, 1e11], "loss": [3.5, 2.9, 2.5]}
    )
    runs = bs.Runs.from_frame(frame.assign(**{column: COLUMNS[column]}), loss="loss")
    fit = prior_fit(bs.ScalingModel("chinchilla"), runs, draws=5)
    loaded = round_trip(fit, tmp_path)
    assert list(loaded.runs.table) == list(runs.table)
    standard = ["params", "tokens", "flops", "loss"]
    pd.testing.assert_frame_equal(loaded.runs.table[standard], runs.table[standard])
    # Cells that are no plain numbers may come back as text, but missing ones stay missing.
    assert loaded.runs.table[column].isna().tolist() == runs.table[column].isna().tolist()


def test_settings_and_priors_made_of_numpy_numbers_can_be_saved(
    stored_fit: bs.ScalingFit, prior_fit: Callable[..., bs.ScalingFit], tmp_path: Path
) -> None:
    prior = bs.Prior.gamma(np.int64(2), np.float32(4.0))
    fit = prior_fit(bs.ScalingModel("chinchilla", priors={"alpha": prior}), stored_fit.runs)
    fit = replace(fit, settings=replace(fit.settings, seed=np.int64(3), draws=np.int64(50)))
    assert_same(round_trip(fit, tmp_path), fit)


def test_scales_by_hand_remarks_and_rows_left_out_come_back(
    prior_fit: Callable[..., bs.ScalingFit], tmp_path: Path
) -> None:
    frame = pd.DataFrame(
        {"N": [1e8, 1e9, 1e10, 2e10], "D": [9e9, 5e10, 1e11, 1e11], "loss": [3.5, 2.9, 2.5, np.nan]}
    )
    runs = bs.Runs.from_frame(frame, missing="drop").with_reference(params=1e9)
    runs = replace(runs, remarks=("Two runs crashed.",), reference=runs.scales_by_hand)
    fit = prior_fit(bs.ScalingModel("chinchilla"), runs)
    loaded = round_trip(fit, tmp_path)
    assert_same(loaded, fit)
    assert loaded.runs.dropped == 1


@pytest.mark.parametrize(
    "surface",
    [
        None,
        bs.Surface(miss_sd=bs.Prior.between(0.05, 0.2), miss_mean=-0.1),
        bs.Surface(bs.Prior.half_normal(0.02), miss_sd=bs.Prior.fixed_at(0.01)),
    ],
    ids=["law alone", "miss", "amplitude"],
)
def test_the_surface_and_its_options_come_back(
    surface: bs.Surface | None,
    stored_fit: bs.ScalingFit,
    prior_fit: Callable[..., bs.ScalingFit],
    tmp_path: Path,
) -> None:
    model = bs.ScalingModel("chinchilla", bs.Vary("E", by="corpus"), surface=surface)
    fit = prior_fit(model, stored_fit.runs)
    loaded = round_trip(fit, tmp_path)
    assert loaded.model.surface == surface
    assert_same(loaded, fit)
    ours, theirs = (one.expected_loss(params=7e10, tokens=1.4e12) for one in (fit, loaded))
    xr.testing.assert_identical(ours, theirs)


def test_a_metric_comes_back_on_its_scale(
    prior_fit: Callable[..., bs.ScalingFit], tmp_path: Path
) -> None:
    frame = pd.DataFrame({"params": np.geomspace(1e8, 1e10, 6), "loss": np.linspace(20, 60, 6)})
    runs = bs.Runs.from_frame(frame, response="metric")
    fit = prior_fit(bs.ScalingModel("LogLinear", noise=bs.noise.StudentT()), runs)
    assert_same(round_trip(fit, tmp_path), fit)


def test_the_file_holds_plain_types_only(stored_fit_path: Path) -> None:
    """No pickle: every dataset is of numbers, booleans or text."""
    kinds: set[str] = set()

    def visit(name: str, item: h5py.Dataset | h5py.Group) -> None:
        if isinstance(item, h5py.Dataset):
            text = h5py.check_string_dtype(item.dtype) is not None
            kinds.add("text" if text else item.dtype.kind)

    with h5py.File(stored_fit_path) as file:
        file.visititems(visit)
        specification = json.loads(file.attrs["bayes_scaling"])
    assert "text" in kinds
    assert kinds <= {"text", "f", "i", "u", "b"}
    assert specification["law"]["name"] == "Chinchilla"
    assert specification["settings"]["draws"] == 200


def test_the_stored_file_is_small(stored_fit_path: Path) -> None:
    assert stored_fit_path.stat().st_size < 360_000


def test_xarray_reads_the_file_without_this_package(stored_fit_path: Path) -> None:
    with xr.open_datatree(stored_fit_path, engine="h5netcdf") as tree:
        assert {"posterior", "sample_stats", "observed_data", "constant_data"} <= set(tree.children)
        assert tree["posterior"].sizes["draw"] == 200


def test_a_fresh_process_loads_it(stored_fit: bs.ScalingFit, stored_fit_path: Path) -> None:
    code = (
        "import sys, bayes_scaling as bs; fit = bs.load_fit(sys.argv[1]); "
        "print(fit.model, float(fit.posterior['alpha'].mean()))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(stored_fit_path)],
        capture_output=True,
        text=True,
        check=True,
    )
    mean = float(stored_fit.posterior["alpha"].mean())
    assert done.stdout == f"{stored_fit.model} {mean}\n"


def damaged(path: Path, folder: Path, change: Callable[[dict[str, Any]], object]) -> Path:
    """A copy of a file of a fit whose specification is changed."""
    copy = folder / "damaged.nc"
    copy.write_bytes(path.read_bytes())
    with h5py.File(copy, "a") as file:
        specification = json.loads(file.attrs["bayes_scaling"])
        changed = change(specification)
        file.attrs["bayes_scaling"] = json.dumps(specification if changed is None else changed)
    return copy


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda spec: spec.update(format=99), "format 99, and this version reads format 7.*again"),
        (lambda spec: spec.update(format=6), "format 6, and this version reads format 7.*load it"),
        (lambda spec: spec.pop("vary") and None, "damaged specification.*vary"),
        (lambda spec: spec["noise"].update(name="LogCauchy"), "damaged.*LogCauchy"),
        (lambda spec: spec["settings"].update(colour="red"), "damaged.*colour"),
        (lambda spec: spec["surface"].update(colour="red"), "damaged.*colour"),
        (lambda spec: ["not", "a", "mapping"], "not a fit|damaged"),
    ],
    ids=["later format", "earlier format", "missing key", "noise", "settings", "surface", "list"],
)
def test_a_specification_that_cannot_be_read_is_named(
    change: Callable[[dict[str, Any]], object], message: str, stored_fit_path: Path, tmp_path: Path
) -> None:
    with pytest.raises(FitFileError, match=message):
        bs.load_fit(damaged(stored_fit_path, tmp_path, change))


@pytest.mark.parametrize(
    ("group", "name"),
    [
        ("posterior", "alpha"),
        ("posterior", "E_ref"),
        ("posterior", "delta_z"),
        ("posterior", "miss"),
        ("sample_stats", "diverging"),
    ],
)
def test_draws_that_are_not_all_there_are_named(
    stored_fit_path: Path, tmp_path: Path, group: str, name: str
) -> None:
    copy = tmp_path / "cut.nc"
    copy.write_bytes(stored_fit_path.read_bytes())
    with h5py.File(copy, "a") as file:
        del file[group][name]
    with pytest.raises(FitFileError, match=f"differ in '{name}'.*Restore the file or the law"):
        bs.load_fit(copy)


def test_draws_of_other_dims_are_named(stored_fit_path: Path, tmp_path: Path) -> None:
    copy = damaged(stored_fit_path, tmp_path, lambda spec: spec.update(vary=[]))
    with pytest.raises(FitFileError, match="differ in 'corpus'"):
        bs.load_fit(copy)


def test_an_unknown_law_is_named(stored_fit_path: Path, tmp_path: Path) -> None:
    copy = damaged(stored_fit_path, tmp_path, lambda spec: spec["law"].update(name="MyOwnLaw"))
    with pytest.raises(UnknownLawError, match=r"No law 'MyOwnLaw'.*must be defined or imported"):
        bs.load_fit(copy)


def no_hdf(path: Path) -> None:
    path.write_text("params,tokens,loss\n1e9,1e11,2.5\n")


def empty(path: Path) -> None:
    path.write_bytes(b"")


def other_netcdf(path: Path) -> None:
    xr.Dataset({"x": ("y", [1.0])}).to_netcdf(path, engine="h5netcdf")


@pytest.mark.parametrize("write", [no_hdf, empty, other_netcdf])
def test_a_file_that_is_not_a_fit_is_refused(write: Callable[[Path], None], tmp_path: Path) -> None:
    path = tmp_path / "other.nc"
    write(path)
    with pytest.raises(FitFileError, match=r"other.nc' is not a fit of bayes_scaling.*fit.save"):
        bs.load_fit(path)


@pytest.mark.parametrize("share", [0.01, 0.5, 0.99])
def test_a_truncated_file_is_refused(share: float, stored_fit_path: Path, tmp_path: Path) -> None:
    content = stored_fit_path.read_bytes()
    path = tmp_path / "cut.nc"
    path.write_bytes(content[: int(share * len(content))])
    with pytest.raises(FitFileError, match=r"cut.nc' is not a fit"):
        bs.load_fit(path)


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(FitFileError, match=r"There is no file .*missing.nc.*Check the path"):
        bs.load_fit(tmp_path / "missing.nc")
    with pytest.raises(FitFileError, match="There is no file"):
        bs.load_fit(tmp_path)


def test_a_path_that_cannot_be_written_is_refused(
    stored_fit: bs.ScalingFit, tmp_path: Path
) -> None:
    with pytest.raises(
        FitFileError, match=r"cannot be written to .*nowhere.*in memory is unharmed"
    ):
        stored_fit.save(tmp_path / "nowhere" / "fit.nc")
    with pytest.raises(FitFileError, match="cannot be written"):
        stored_fit.save(tmp_path)
    assert list(tmp_path.iterdir()) == []
    assert list(tmp_path.parent.glob(f"{tmp_path.name}.*")) == []


@pytest.mark.parametrize("error", [OSError("disk full"), ValueError("no such type")])
def test_a_write_that_fails_keeps_the_earlier_file(
    error: Exception, stored_fit: bs.ScalingFit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = stored_fit.save(tmp_path / "fit.nc")
    before = path.read_bytes()

    def fails(self: xr.DataTree, target: Path, **options: object) -> None:
        Path(target).write_bytes(b"half of it")
        raise error

    monkeypatch.setattr(xr.DataTree, "to_netcdf", fails)
    with pytest.raises(FitFileError, match=str(error)):
        stored_fit.save(path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_saving_again_replaces_the_file(stored_fit: bs.ScalingFit, tmp_path: Path) -> None:
    path = stored_fit.save(str(tmp_path / "fit.nc"))
    shorter = replace(
        stored_fit,
        posterior=stored_fit.posterior.isel(draw=slice(0, 50)),
        sample_stats=stored_fit.sample_stats.isel(draw=slice(0, 50)),
        settings=replace(stored_fit.settings, draws=50),
    )
    shorter.save(path)
    assert_same(bs.load_fit(path), shorter)
    assert list(tmp_path.iterdir()) == [path]


def test_a_law_of_the_user_is_saved_by_name(
    plain_law: type[bs.Law],
    stored_fit: bs.ScalingFit,
    prior_fit: Callable[..., bs.ScalingFit],
    tmp_path: Path,
) -> None:
    fit = prior_fit(bs.ScalingModel(plain_law), stored_fit.runs)
    assert_same(round_trip(fit, tmp_path), fit)


def test_a_prior_that_was_given_stays_given(
    stored_fit: bs.ScalingFit, prior_fit: Callable[..., bs.ScalingFit], tmp_path: Path
) -> None:
    """A prior equal to the default unties the exponents, and one of a floor leaves its spread."""
    given = {"alpha": bs.laws.Chinchilla().priors["alpha"], "E": bs.Prior.between(0.5, 0.9)}
    model = bs.ScalingModel("chinchilla", vary=bs.Vary("E", by="corpus"), priors=given)
    loaded = round_trip(prior_fit(model, stored_fit.runs), tmp_path)
    assert not model.ties
    assert loaded.model == model
    assert loaded.model.structure(loaded.runs) == model.structure(stored_fit.runs)
