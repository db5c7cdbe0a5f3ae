"""Published tables are tidied to what their sources say.

Small files of the published form test the tidying; the published files themselves are compared
with tables that other hands tidied, where both are at hand.
"""

import gzip
import json
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import bayes_scaling as bs
from bayes_scaling.datasets.fetching import FOLDER_VARIABLE
from bayes_scaling.datasets.public import TABLES

SETS = {
    "chinchilla": ("chinchilla.csv", {"dropped_in_replication": "outlier"}),
    "gadre_overtraining": ("gadre_overtraining.csv", {"dataset": "corpus"}),
    "datablations": ("datablations.csv", {"used_in_paper_fit": "in_paper_fit"}),
    "routed_lm": ("routed_lm.csv", {"in_paper_main_fit": "in_paper_fit"}),
    "schedule_curves": ("schedule_curves.csv", {}),
    "llm_benchmarks": ("llm_benchmarks_observational.csv", {"model": "run", "hellaswag": "loss"}),
}
"""File of each table as tidied by other hands, and our names of its columns."""


@pytest.mark.parametrize("name", TABLES)
def test_tables_are_as_tidied_by_other_hands(
    name: str, shared_data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = Path(os.environ.get(FOLDER_VARIABLE) or shared_data / "upstream")
    table = TABLES[name]
    files = [folder / table.local_name(path) for path in table.files]
    if not all(file.is_file() for file in files):
        pytest.skip(f"the published files of {name} are not in {folder}")
    monkeypatch.setenv(FOLDER_VARIABLE, str(folder))
    found = bs.datasets.load(name).table
    assert len(found) == table.runs
    assert sum(file.stat().st_size for file in files) == table.size
    file, columns = SETS[name]
    tidy = pd.read_csv(shared_data / file).rename(columns=columns)
    if name == "schedule_curves":
        tidy["run"] = tidy["size"] + "/" + tidy["schedule"] + "/" + tidy["step"].astype(str)
    tidy = tidy.set_index(tidy["run"].astype(str)).loc[found.index.astype(str)]
    both = [column for column in found if column in tidy]
    assert {"loss", *bs.datasets.load(name).inputs} - {*both} <= {"flops", "params"}
    for column in both:
        assert same(found[column], tidy[column]), column


def same(found: pd.Series, tidy: pd.Series) -> bool:
    """True if columns agree in text or to seven digits; tidy tables are rounded."""
    if pd.api.types.is_numeric_dtype(found) and pd.api.types.is_numeric_dtype(tidy):
        return np.allclose(found, tidy, rtol=1e-7, atol=0, equal_nan=True)
    return found.astype(str).tolist() == tidy.astype(str).tolist()


def test_gadre(tmp_path: Path) -> None:
    loss = {"c4_val/shard-{0..1}": 3.5, "val_tok_mult/openlm/0": 4.2, "val_tok_mult/de-en/0": 5.0}
    published = {
        "name": "rpj-d=96_l=8_h=4-16.0",
        "dataset_name": "rpj",
        "hyperparameters": {
            "model": "scaling/open_lm_configs/d=96_l=8_h=4.json",
            "tokens": 3_200_000,
            "lr": 0.003,
            "params": 10_000,
            "params_no_embed": 5_000,
            "chinchilla_multiplier": 16.0,
        },
        "results": [
            {"loss": value, "val_data": [f"training/eval_data/{place}.tar"]}
            for place, value in loss.items()
        ],
    }
    (tmp_path / "run.json").write_text(json.dumps(published))
    row = TABLES["gadre_overtraining"].tidy([tmp_path / "run.json"]).table.iloc[0]
    assert row.name == "rpj-d=96_l=8_h=4-16.0"
    assert row[["params", "tokens", "flops", "loss"]].tolist() == [1e4, 3.2e6, 1.92e11, 3.5]
    assert row[["corpus", "model", "role"]].tolist() == ["redpajama", "d=96_l=8_h=4", "fit"]
    assert row[["loss_openlm", "loss_val_de_en_100"]].tolist() == [4.2, 5.0]


def test_datablations(tmp_path: Path) -> None:
    every = {
        "4b284b12bc4seed2": 2.5,
        "83m1b51b5": 3.4,
        "2b855b1b25": 3.3,
        "3b93b9400m": 3.2,
        "146m60b100mdedup": 4.0,
        "83m200m100m": 0,
        "8b7178b25bopt": 2.4,
    }
    sizes = {"83m": 8e7, "146m": 1.5e8, "2b8": 2.8e9, "3b9": 4e9, "4b2": 4.2e9, "8b7": 8.7e9}
    code = f"# Losses\nNAMES_TO_VAL_LOSSES = {every}\n\nPARAMS_MAP = {sizes}\n"
    fit = "NAMES_TO_VAL_LOSSES = {'83m1b51b5': 3.4, '146m60b100mdedup': 4.0}"
    cells = [{"source": text.splitlines(keepends=True)} for text in ("!ls", code, fit)]
    (tmp_path / "fit.ipynb").write_text(json.dumps({"cells": cells}))
    table = TABLES["datablations"].tidy([tmp_path / "fit.ipynb"]).table
    assert table.index.tolist() == [*every][:5]
    assert table["params"].tolist() == [4.2e9, 8e7, 2.8e9, 4e9, 1.5e8]
    assert table["tokens"].tolist() == [84e9, 1.5e9, 55e9, 3.9e9, 60e9]
    assert table["unique_tokens"].tolist() == [12e9, 1.5e9, 1.25e9, 0.4e9, 0.1e9]
    assert table["variant"].tolist() == [*["standard"] * 4, "dedup"]
    assert table["in_paper_fit"].tolist() == [False, True, False, False, False]
    assert table["seed"].dropna().to_dict() == {"4b284b12bc4seed2": 2}


def test_routed(tmp_path: Path) -> None:
    text = """\
hyper_id,step,loss_pile,loss_validation,num_experts,num_blocks,flop_increase,k,router_type,seed,\
routing_frequency,total_parameter_count,dense_parameter_count,flops_per_step,model_size_label
7,10000,3.1,3.0,1,12,1.0,1,Dense,42,0.5,1e8,1e8,1e14,130M
7,20000,,2.5,1,12,1.0,1,Dense,42,0.5,1e8,1e8,1e14,130M
8,20000,2.8,2.4,64,12,1.0,2,S-Base,42,0.5,2e9,1e8,1e14,130M
"""
    (tmp_path / "curves.csv.gz").write_bytes(gzip.compress(text.encode()))
    table = TABLES["routed_lm"].tidy([tmp_path / "curves.csv.gz"]).table
    assert table["loss"].tolist() == [2.5, 2.4]
    assert table["loss_pile_europarl"].tolist() == [3.1, 2.8]
    assert table["tokens"].tolist() == [20_000 * 524_288] * 2
    assert table[["params", "experts"]].to_numpy().tolist() == [[1e8, 1], [1e8, 64]]
    assert table["router"].tolist() == ["dense", "s_base"]
    assert table["in_paper_fit"].tolist() == [True, False]


def test_schedules(tmp_path: Path) -> None:
    files = [tmp_path / f"csv_{size}" / "cosine_24000.csv" for size in (25, 100)]
    for number, file in enumerate(files):
        file.parent.mkdir()
        file.write_text(f"step,lr,loss\n2176,0.0003,{4 - number}\n2304,0.0003,{3.9 - number}\n")
    runs = TABLES["schedule_curves"].tidy(files)
    assert runs.inputs == ("params", "step")
    assert runs.table.index[0] == "25M/cosine_24000/2176"
    assert runs.values("loss").tolist() == [4, 3.9, 3, 2.9]
    assert runs.table["size"].tolist() == ["25M", "25M", "100M", "100M"]
    assert set(runs.table["schedule"]) == {"cosine_24000"}


def test_benchmarks(tmp_path: Path) -> None:
    text = """\
Model,Model Family,Model Size (B),Pretraining Data Size (T),FLOPs (1E21),MMLU,ARC-C,HellaSwag,\
Winograd,TruthfulQA,GSM8K,XWinograd,HumanEval
a/b-7b,b,7.0,2.0,84.0,0.4,0.5,0.75,0.7,0.4,0.1,0.7,0.1
a/c-7b,c,7.0,,,0.4,0.5,0.6,0.7,0.4,0.1,0.7,0.1
a/d-3b,d,3.0,627.0,11286.0,0.4,0.5,0.7,0.7,0.4,0.1,0.7,0.1
"""
    (tmp_path / "models.csv").write_text(text)
    runs = TABLES["llm_benchmarks"].tidy([tmp_path / "models.csv"])
    assert runs.response == "accuracy"
    row = runs.table.loc["a/b-7b"]
    assert len(runs) == 1
    assert row[["params", "tokens", "flops", "loss"]].tolist() == [7e9, 2e12, 8.4e22, 0.75]
    assert row["family"] == "b"


def test_chinchilla(tmp_path: Path) -> None:
    losses = np.linspace(2, 3, 7)
    published = pd.DataFrame({"Model Size": 1e9, "Training FLOP": 6e19, "loss": losses})
    published.to_csv(tmp_path / "svg.csv", index=False)
    table = TABLES["chinchilla"].tidy([tmp_path / "svg.csv"]).table
    assert table["tokens"].tolist() == [1e10] * 7
    assert table["outlier"].tolist() == [False] * 2 + [True] * 5
