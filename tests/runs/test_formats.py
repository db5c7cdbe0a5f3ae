"""Tables as people have them: separators, decimal commas, sizes, labels, and other formats."""

import bz2
import gzip
import json
import lzma
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from bayes_scaling.errors import RunsError
from bayes_scaling.runs import Runs, read_runs
from bayes_scaling.units import parse_count

SIZES = [5e7, 1e8, 2e8]
TOKENS = [2.5e8, 2e9, 1.6e10]
LOSSES = [4.4987, 3.4859, 2.8724]
TABLE = "params,tokens,loss\n50000000,250000000,4.4987\n100000000,2000000000,3.4859\n200000000,16000000000,2.8724\n"  # fmt: skip  # noqa: E501


def written(folder: Path, text: str, name: str = "runs.csv") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def check(runs: Runs) -> None:
    assert runs.values("params").tolist() == SIZES
    assert runs.values("tokens").tolist() == TOKENS
    assert runs.values("loss").tolist() == LOSSES


# Separators --------------------------------------------------------------------------------------

SEMICOLONS = TABLE.replace(",", ";")


@pytest.mark.parametrize("name", ["runs.csv", "runs.tsv", "runs.txt"])
@pytest.mark.parametrize(
    "text",
    [
        TABLE,
        SEMICOLONS,
        SEMICOLONS.replace(".", ","),
        TABLE.replace(",", "\t"),
        TABLE.replace(",", "\t").replace(".", ","),
        TABLE.replace(",", "|"),
        f"sep=;\n{SEMICOLONS}",
        f'"sep=;"\n{SEMICOLONS}',
        f"# a sweep, of May\n\n{TABLE}\n\n",
        TABLE.replace("\n", "\r\n"),
        TABLE.replace("\n", "\r"),
        TABLE.replace("\n", ",\n"),
        TABLE.replace("loss\n", "loss,note\n").replace("7\n", '7,"a;b;c;d\n|e"\n')
             .replace("9\n", "9,\n").replace("24\n", "24,x\n"),
    ],
)  # fmt: skip
def test_the_separator_is_found(tmp_path: Path, name: str, text: str) -> None:
    path = written(tmp_path, text, name)
    check(read_runs(path))
    curves = Runs.from_curves(
        written(tmp_path, text.replace("params", "run"), f"c.{name}"), params=False
    )
    assert sorted(curves.values("loss")) == sorted(LOSSES)


@pytest.mark.parametrize("cell", ["10,498", '"10,498"'])
def test_a_comma_that_may_part_thousands_is_asked_about(tmp_path: Path, cell: str) -> None:
    path = written(tmp_path, f"params;tokens;loss\n1e8;{cell};4.498\n")
    with pytest.raises(RunsError, match="A comma before three digits may separate thousands"):
        read_runs(path)


def test_commas_of_a_table_stand_for_what_those_of_its_losses_do(tmp_path: Path) -> None:
    """A loss of thousands of nats is none, so that 4,498 is 4.498, and 10,498 beside it 10.498."""
    runs = read_runs(written(tmp_path, "N (M);tokens (B);loss\n100;10,498;4,498\n200;20,5;3,9\n"))
    assert runs.values("loss").tolist() == [4.498, 3.9]
    np.testing.assert_allclose(runs.values("tokens"), [10.498e9, 20.5e9])
    assert (
        "Commas stand for the decimal point, as those of losses do: 4,498 is 4.498." in runs.notes
    )
    frame = pd.DataFrame({"N": [1e8, 2e8], "D": [1e9, 2e9], "elo": ["1,498", "1,512"]})
    with pytest.raises(RunsError, match=r"elo.*may separate thousands"):
        Runs.from_frame(frame, loss="elo", response="metric")


@pytest.mark.parametrize(
    "above",
    [
        "params, tokens , loss\n",
        "#params,tokens,loss\n",
        "# a sweep, of May\n# params,tokens,loss\n",  # as numpy.savetxt writes it
    ],
)
def test_names_of_columns_may_be_padded_or_commented(tmp_path: Path, above: str) -> None:
    path = written(tmp_path, above + TABLE.partition("\n")[2])
    check(read_runs(path, loss="loss"))
    curves = Runs.from_curves(path, params=False)
    assert curves.values("loss").tolist() == LOSSES[-1:]


def test_spaces_after_separators_are_no_part_of_cells(tmp_path: Path) -> None:
    rows = ['a, 1e8, "1,5 B", web, 3.1', "b, 1e9, 2e9, web, 2.9"]
    path = written(tmp_path, "\n".join(['run, "Params", "Tokens, all", corpus, loss', *rows]))
    runs = read_runs(path, tokens="Tokens, all", factors=("corpus",))
    assert runs.levels("corpus") == ("web",)
    assert runs.values("tokens").tolist() == [1.5e9, 2e9]
    curves = Runs.from_curves(path, tokens=False, step="Params", factors=("corpus",))
    assert curves.levels("corpus") == ("web",)


def test_a_number_sign_alone_names_the_rows(tmp_path: Path) -> None:
    rows = [f"{number},{row}" for number, row in enumerate(TABLE.splitlines()[1:])]
    check(read_runs(written(tmp_path, "\n".join(["#,params,tokens,loss", *rows]))))


def test_tables_in_markdown(tmp_path: Path) -> None:
    header, *rows = (f"| {line.replace(',', ' | ')} |" for line in TABLE.splitlines())
    bold = rows[-1].replace(" 2.8724 ", " **2.8724** ")
    for rule in ("|---|:--:|---:|", "| --- | --- | --- |"):
        text = "\n".join([header, rule, *rows[:-1], bold, ""])
        for name in ("table.txt", "table.csv"):
            path = written(tmp_path, text, name)
            check(read_runs(path))
            assert len(Runs.from_curves(path, params=False)) == 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("N D loss\n1e8 1e9 3\n1e9 1e9 2\n", "seem to be separated by spaces"),
        ("   N   loss\n0  1e8  3\n1  1e9  2\n", "seem to be separated by spaces"),
        ("1e8,3.1\n1e9,2.9\n", "These are numbers: write the names of the columns"),
        ("Model,,\nN,D,loss\n1e8,1e9,3\n", r"The first row reads as names \('N', 'D', 'loss'\)"),
        ("M,,Eval\nN (M),D,C4 loss\n100,1e9,3\n", r"The first row reads as names \('N \(M\)'"),
    ],
)
def test_tables_without_names_at_their_head(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(RunsError, match=said):
        read_runs(written(tmp_path, text))


# Compressed files, JSON, Excel -------------------------------------------------------------------


def test_compressed_files(tmp_path: Path) -> None:
    for suffix, packed in ((".gz", gzip.compress), (".bz2", bz2.compress), (".xz", lzma.compress)):
        for name, text in (("r.csv", TABLE), ("r.json", json.dumps(RECORDS))):
            path = tmp_path / f"{name}{suffix}"
            path.write_bytes(packed(text.encode()))
            check(read_runs(path))
    with zipfile.ZipFile(tmp_path / "r.csv.zip", "w") as archive:
        archive.writestr("r.csv", TABLE)
    check(read_runs(tmp_path / "r.csv.zip"))
    with zipfile.ZipFile(tmp_path / "r.csv.zip", "a") as archive:
        archive.writestr("other.csv", TABLE)
    with pytest.raises(RunsError, match="holds 2 files"):
        read_runs(tmp_path / "r.csv.zip")


RECORDS = [
    {"params": size, "tokens": seen, "loss": loss}
    for size, seen, loss in zip(SIZES, TOKENS, LOSSES, strict=True)
]


@pytest.mark.parametrize(
    "orient", ["records", "columns", "index", "split", "table", "runs", "lists"]
)
def test_json_of_every_kind(tmp_path: Path, orient: str) -> None:
    frame = pd.DataFrame(RECORDS)
    text = (
        json.dumps({"runs": RECORDS})
        if orient == "runs"
        else json.dumps(frame.to_dict("list"))
        if orient == "lists"
        else frame.to_json(orient=orient, double_precision=15)  # type: ignore[call-overload]
    )
    check(read_runs(written(tmp_path, text, "runs.json")))


@pytest.mark.parametrize(
    "beside", [{}, {"seed": 1, "tags": ["a"]}, {"config": {"lr": 1e-3}}, {"history": [{"step": 1}]}]
)
def test_json_of_runs_under_another_name(tmp_path: Path, beside: dict[str, object]) -> None:
    check(read_runs(written(tmp_path, json.dumps({"results": RECORDS, **beside}), "runs.json")))
    if not {"history", "config"} & {*beside}:  # as an object of one run has them
        text = json.dumps({**beside, "data points": RECORDS})
        check(read_runs(written(tmp_path, text, "runs.json")))


@pytest.mark.parametrize("orient", ["columns", "index", "split"])
def test_json_keeps_the_names_of_runs(tmp_path: Path, orient: str) -> None:
    frame = pd.DataFrame(RECORDS, index=[*"abc"])
    text = frame.to_json(orient=orient, double_precision=15)  # type: ignore[call-overload]
    runs = read_runs(written(tmp_path, text, "runs.json"))
    check(runs)
    assert list(runs.table.index) == [*"abc"]


def test_json_of_objects_within_objects(tmp_path: Path) -> None:
    nested = [
        {"config": {"model": {"params": one["params"]}, "tokens": one["tokens"]}, "tags": ["a"]}
        for one in RECORDS
    ]
    for row, loss in zip(nested, LOSSES, strict=True):
        row["loss"] = loss  # type: ignore[assignment]
    lines = "\n".join(map(json.dumps, nested))
    for text, name in ((json.dumps(nested), "r.json"), (lines, "r.jsonl")):
        runs = read_runs(written(tmp_path, text, name))
        check(runs)
        assert runs.sources["params"] == "column 'config.model.params'"


def test_json_of_one_run_and_of_none(tmp_path: Path) -> None:
    runs = read_runs(written(tmp_path, json.dumps(RECORDS[0]), "run.json"))
    assert runs.values("loss").tolist() == LOSSES[:1]
    values = json.dumps([[*record.values()] for record in RECORDS])
    with pytest.raises(RunsError, match='orient="values", which leaves out the names of columns'):
        read_runs(written(tmp_path, values, "runs.json"))


def test_excel(tmp_path: Path) -> None:
    pytest.importorskip("openpyxl")
    frame = pd.DataFrame(RECORDS).assign(objective=["NA", "007", "1.10"])
    path = tmp_path / "runs.xlsx"
    frame.to_excel(path, index=False)
    runs = read_runs(path, factors=("objective",))
    check(runs)
    assert runs.levels("objective") == ("007", "1.10", "NA")
    with pd.ExcelWriter(path) as book:
        frame.to_excel(book, sheet_name="a", index=False)
        frame.to_excel(book, sheet_name="b", index=False)
    with pytest.raises(RunsError, match=r"has 2 sheets with cells \('a', 'b'\)"):
        read_runs(path)
    titled = pd.DataFrame([["Sweep", None, None], ["N", "D", "loss"], [1e8, 1e9, 3.0]])
    titled.to_excel(path, index=False, header=False)
    with pytest.raises(RunsError, match=r"The first row reads as names \('N', 'D', 'loss'\)"):
        read_runs(path)
    frame.rename(columns={"tokens": "loss"}).to_excel(path, index=False)
    with pytest.raises(RunsError, match="occurs more than once"):
        read_runs(path)
    path.write_bytes(b"PK nothing")
    with pytest.raises(RunsError, match="cannot be read as Excel"):
        read_runs(path)


# Frames of other libraries -----------------------------------------------------------------------


def test_arrow_tables(curves: pd.DataFrame) -> None:
    arrow = pytest.importorskip("pyarrow")
    check(Runs.from_frame(arrow.table(pd.DataFrame(RECORDS))))
    table = arrow.table(curves)
    expected = Runs.from_curves(curves, factors=("corpus",))
    found = Runs.from_curves(table, factors=("corpus",))
    pd.testing.assert_frame_equal(found.table, expected.table)


def test_polars_frames(curves: pd.DataFrame) -> None:
    polars = pytest.importorskip("polars")
    check(Runs.from_frame(polars.DataFrame(RECORDS)))
    frame = polars.DataFrame({name: curves[name].to_numpy() for name in curves})
    expected = Runs.from_curves(curves, factors=("corpus",))
    found = Runs.from_curves(frame, factors=("corpus",))
    pd.testing.assert_frame_equal(found.table, expected.table)
    with pytest.raises(RunsError, match=r"a query .* that was not run"):
        Runs.from_frame(frame.lazy())


# Sizes as people write them ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("texts", "numbers"),
    [
        (["7B", "1.4T", "70m"], [7e9, 1.4e12, 7e7]),
        (["7_000", "1,033,824", "1e21"], [7e3, 1033824, 1e21]),
        (["1,033,824", "7,000", "12"], [1033824, 7000, 12]),
        (["1,5B", "7B", "0,125"], [1.5e9, 7e9, 0.125]),
        (["12,345.5", "1,000", "3"], [12345.5, 1000, 3]),
    ],
)
def test_sizes_as_people_write_them(tmp_path: Path, texts: list[str], numbers: list[float]) -> None:
    frame = pd.DataFrame({"N": texts, "loss": [3.0, 2.9, 2.8], "run": [*"abc"]})
    frame.to_csv(tmp_path / "runs.csv", index=False)
    for runs in (Runs.from_frame(frame), read_runs(tmp_path / "runs.csv")):
        assert runs.values("params").tolist() == numbers
    curves = frame.assign(step=1).drop(columns="loss").merge(frame[["run", "loss"]])
    curves.to_csv(tmp_path / "curves.csv", index=False)
    for source in (curves, tmp_path / "curves.csv"):
        assert Runs.from_curves(source).values("params").tolist() == numbers


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("70M params", "70M"),
        ("70 M", "70M"),
        ("~70M", "70M"),
        ("70M (non-embedding)", "70M"),
        ("1 033 824", "1033824"),
        ("1'033'824", "1033824"),
        ("5.4e19 FLOPs", "5.4e19"),
        ("5.4 × 10^19", "5.4e19"),
        ("5.4×10¹⁹", "5.4e19"),
        (r"$5.4 \times 10^{19}$", "5.4e19"),
        ("2.63 ± 0.01", "2.63"),
        ("2.63+/-0.01", "2.63"),
        ("2.63 (0.01)", "2.63"),
        ("2.63*", "2.63"),
    ],
)
def test_what_stands_beside_numbers_is_left_out_and_told(text: str, number: str) -> None:
    frame = pd.DataFrame({"N": [text, "1e8"], "loss": [3.0, 2.0]})
    column = "params"
    if number == "2.63":
        frame, column = pd.DataFrame({"N": [1e8, 2e8], "loss": [text, "1e8"]}), "loss"
    runs = Runs.from_frame(frame)
    assert runs.values(column)[0] == parse_count(number)
    assert f"{column} holds more than numbers: {text!r} is read as {number}." in runs.notes
    words = frame.select_dtypes(exclude="number")
    categories = frame.astype(dict.fromkeys(words, "category"))
    assert Runs.from_frame(categories).values(column)[0] == parse_count(number)
    assert frame.map(str).isin([text]).any(axis=None)  # the frame of the user stays


@pytest.mark.parametrize("text", ["3.1 (diverged)", "2.7 bits", "3.1 / 2.9", "3-4", "7B 2T"])
def test_words_that_may_matter_are_not_left_out(text: str) -> None:
    with pytest.raises(RunsError, match="not a number"):
        Runs.from_frame(pd.DataFrame({"N": [1e8, 2e8], "loss": [text, "3.0"]}))


@pytest.mark.parametrize("dash", ["-", "--", "–", "—"])
def test_dashes_stand_for_missing_numbers(dash: str) -> None:
    frame = pd.DataFrame({"N": [1e8, 2e8], "loss": [dash, "3.0"]})
    with pytest.raises(RunsError, match="loss has 1 missing value"):
        Runs.from_frame(frame)
    assert Runs.from_frame(frame, missing="drop").dropped == 1


def test_rounded_sizes_are_noted() -> None:
    runs = Runs.from_frame(pd.DataFrame({"size": ["7B", "1e9"], "loss": [3.0, 2.0]}), params="size")
    assert runs.notes[0].startswith("params (column 'size') has 1 count written with a suffix")


@pytest.mark.parametrize(
    "cells", [["1,000", "2"], ["1,000,000", "1,5"], ["7 GB", "1"], ["7BB", "1"], ["7 EFLOP", "1"]]
)
def test_sizes_that_cannot_be_told(cells: list[str]) -> None:
    with pytest.raises(RunsError, match="not a number"):
        Runs.from_frame(pd.DataFrame({"N": cells, "loss": [3.0, 2.0]}))


# Labels ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("label", ["None", "NA", "null", "nan", "N/A", "NaN", "-", "007", "True"])
def test_labels_keep_their_text(tmp_path: Path, label: str) -> None:
    rows = [f"1e8,{i + 1}e9,3.{i},{text},{text}" for i, text in enumerate([label, "1.1", "1.10"])]
    path = written(tmp_path, "\n".join(["N,D,loss,objective,name", *rows]))
    runs = read_runs(path, factors=("objective",), missing="drop")
    assert list(runs.table["objective"]) == [label, "1.1", "1.10"]
    assert runs.dropped == 0
    assert len(runs.where(objective="1.10")) == 1
    curves = Runs.from_curves(path, factors=("objective",))
    for read in (runs, curves):
        assert list(read.table.index) == list(read.table["objective"]) == [label, "1.1", "1.10"]


def test_a_blank_label_is_missing(tmp_path: Path) -> None:
    path = written(tmp_path, "N,loss,objective\n1e8,3,\n1e9,2,a\n")
    with pytest.raises(RunsError, match="1 missing label"):
        read_runs(path, factors=("objective",))


def test_a_label_that_pandas_took_for_a_gap_has_a_way_on() -> None:
    frame = pd.DataFrame({"N": [1e8, 1e9], "loss": [3.0, 2.0], "objective": [np.nan, "fim"]})
    with pytest.raises(RunsError, match="keep_default_na=False"):
        Runs.from_frame(frame, factors=("objective",))


def test_columns_without_a_part_are_numbers_where_they_can(tmp_path: Path) -> None:
    text = "N,loss,width,version,code,done\n1e8,3,512,1.1,007,True\n1e9,2,1024,1.10,8,False\n"
    runs = read_runs(written(tmp_path, text))
    assert len(runs.where(width=512)) == len(runs.where(done=True)) == 1
    assert len(runs.where(version="1.10")) == len(runs.where(code="007")) == 1
    assert len(runs.where(lambda table: table["width"] > 600)) == 1


def test_padded_names_join_two_files(tmp_path: Path) -> None:
    curves = written(tmp_path, "run,step,loss\n000,1,4\n000,2,3\n001,1,3\n001,2,2\n", "curves.csv")
    about = written(tmp_path, "run,N,D\n000,1e8,1e9\n001,2e8,4e9\n", "about.csv")
    runs = Runs.from_curves(curves, runs=about)
    assert dict(runs.table["params"]) == {"000": 1e8, "001": 2e8}


# Losses ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "other", ["val_loss", "eval/loss", "validation loss", "test/lm_loss", "dev_nll", "valloss"]
)
def test_a_training_loss_is_not_taken_beside_another(other: str) -> None:
    frame = pd.DataFrame({"run": ["a"], "N": [1e8], "D": [1e9], "loss": [2.0], other: [3.0]})
    for read in (Runs.from_frame, Runs.from_curves):
        with pytest.raises(RunsError, match=rf"could be loss .* may be that of training.*{other}"):
            read(frame)
        assert read(frame, loss=other).values("loss").tolist() == [3.0]  # type: ignore[call-arg]
        assert read(frame, loss="loss").values("loss").tolist() == [2.0]  # type: ignore[call-arg]


def test_an_accuracy_is_no_rival_of_a_loss() -> None:
    frame = pd.DataFrame({"N": [1e8], "loss": [2.0], "eval_loss": [3.0], "eval_accuracy": [0.3]})
    with pytest.raises(RunsError, match=r"2 columns could be loss \('eval_loss', 'loss'\)"):
        Runs.from_frame(frame)
    with pytest.raises(RunsError, match=r"1 column .*Beside 'eval_accuracy', 'loss' may be that"):
        Runs.from_frame(frame.drop(columns="eval_loss"))
    both = Runs.from_frame(frame.drop(columns="loss"))
    assert both.values("loss").tolist() == [3.0]


def test_losses_of_other_corpora_are_no_rivals() -> None:
    names = ["loss_c4_val", "eval_time", "train_loss", "loss_scale", "tests"]
    frame = pd.DataFrame({"N": [1e8], "loss": [2.0], **{name: [3.0] for name in names}})
    assert Runs.from_frame(frame).values("loss").tolist() == [2.0]


def test_a_training_accuracy_is_not_taken_beside_another() -> None:
    frame = pd.DataFrame({"N": [1e8], "accuracy": [0.5], "val_accuracy": [0.25]})
    with pytest.raises(RunsError, match="may be that of training"):
        Runs.from_frame(frame, response="accuracy")


# Curves ------------------------------------------------------------------------------------------


def test_metrics_of_one_step_may_stand_in_rows_of_their_own(tmp_path: Path) -> None:
    rows = ["run,step,N,tokens,lr,val_loss", "a,10,1e8,1e9,0.1,", "a,10,,,,4", "a,20,1e8,2e9,0.01,",
            "a,20,,,,3"]  # fmt: skip
    path = written(tmp_path, "\n".join(rows))
    for final in ("last", "best"):
        for source in (path, pd.read_csv(path)):
            runs = Runs.from_curves(source, final=final, lr="lr")  # type: ignore[arg-type]
            assert runs.table.loc["a", ["tokens", "loss"]].tolist() == [2e9, 3.0]


def test_logs_of_the_trainer_of_hugging_face(tmp_path: Path) -> None:
    for run, last in (("s", 3.25), ("l", 3.0), ("bad", float("nan"))):
        log = [
            {"step": step, "loss": 1.0, "learning_rate": 0.1, "num_input_tokens_seen": step * 1e7}
            for step in (50, 100, 150, 200)
        ]
        evaluated = [{"step": 100, "eval_loss": 4.0}, {"step": 200, "eval_loss": last}]
        state = {"global_step": 200, "log_history": [*log[:2], *evaluated[:1], *log[2:],
                                                     *evaluated[1:]]}  # fmt: skip
        (tmp_path / "out" / run).mkdir(parents=True)
        written(tmp_path / "out" / run, json.dumps(state), "trainer_state.json")
        written(tmp_path / "out" / run, "{}", "config.json")
    sizes = pd.DataFrame({"run": ["s", "l", "bad"], "N": [1e8, 4e8, 8e8]})
    with pytest.raises(RunsError, match="may be that of training"):
        Runs.from_curves(tmp_path / "out", runs=sizes)
    runs = Runs.from_curves(tmp_path / "out", runs=sizes, loss="eval_loss")
    assert runs.table.loc["s", ["loss", "tokens"]].tolist() == [3.25, 2e9]
    assert set(runs.table.index) == {"s", "l"}
    assert "having diverged" in runs.notes[0]


def test_several_files_are_one_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "logs"
    expected = {}
    for number, name in enumerate(["small", "large"]):
        (folder / name).mkdir(parents=True)
        text = f"step,N,D,loss\n1,{number + 1}e8,1e9,4\n2,{number + 1}e8,2e9,{3 - number}\n"
        written(folder / name, text, "metrics.csv")
        written(folder, f"run,{text}".replace("\n1,", f"\n{name},1,").replace(
            "\n2,", f"\n{name},2,"), f"{name}.csv")  # fmt: skip
        expected[name] = 3.0 - number
    (folder / "hparams.yaml").write_text("a: 1", encoding="utf-8")
    named = [folder / "small.csv", folder / "large.csv"]
    nameless = [folder / name / "metrics.csv" for name in expected]
    for given in (named, nameless, [str(path) for path in nameless]):
        assert dict(Runs.from_curves(given).table["loss"]) == expected
    for path in named:
        path.unlink()
    assert dict(Runs.from_curves(folder).table["loss"].sort_index()) == dict(
        sorted(expected.items())
    )
    (folder / "folder.csv").mkdir()
    relative = [path.relative_to(tmp_path) for path in nameless]
    monkeypatch.chdir(tmp_path)
    assert dict(Runs.from_curves([relative[0], nameless[1]]).table["loss"]) == expected
    with pytest.raises(RunsError, match="the list of curves is empty"):
        Runs.from_curves([])
    with pytest.raises(RunsError, match="does not exist"):
        Runs.from_curves([folder / "none.csv"])
