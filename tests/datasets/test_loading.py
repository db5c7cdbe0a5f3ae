"""Published tables are listed, found or fetched, and verified."""

import hashlib
import http.server
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

import bayes_scaling as bs
from bayes_scaling.datasets import fetching
from bayes_scaling.datasets.public import TABLES, PublicTable
from bayes_scaling.datasets.public import table as public_table
from bayes_scaling.errors import DatasetError


def test_available_lists_what_loads() -> None:
    listed = bs.datasets.available()
    assert list(listed.index) == list(TABLES)
    assert set(listed) == {"runs", "megabytes", "licence", "papers", "cite", "source", "about"}
    assert (listed["runs"] > 0).all()
    with pytest.raises(DatasetError, match=r"no data set 'gopher'.*Load one of 'chinchilla'"):
        bs.datasets.load("gopher")


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_tables_are_pinned_and_described(table: PublicTable) -> None:
    assert re.fullmatch(r"[0-9a-f]{40}", table.commit)
    assert table.files
    assert all(re.fullmatch(r"[0-9a-f]{64}", checksum) for checksum in table.files.values())
    assert f'``"{table.name}"``' in (bs.datasets.load.__doc__ or "")


def test_names_of_local_files_do_not_clash() -> None:
    names = [table.local_name(path) for table in TABLES.values() for path in table.files]
    assert len({*names}) == len(names)


def test_only_a_table_read_off_a_figure_has_no_licence() -> None:
    licences = bs.datasets.available()["licence"]
    assert list(licences.index[licences == "none stated"]) == ["chinchilla"]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda folder: None, r"is not a folder.*unset BAYES_SCALING_DATA"),
        (lambda folder: folder.mkdir(), r"has no file 'svg_extracted_data\.csv'.*Put the file"),
        (
            lambda folder: [folder.mkdir(), (folder / "svg_extracted_data.csv").write_text("x")],
            r"has SHA-256 2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881, where "
            r"193478df.*is expected",
        ),
    ],
)
def test_folders_that_do_not_hold_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make: Callable[[Path], object], message: str
) -> None:
    folder = tmp_path / "upstream"
    make(folder)
    monkeypatch.setenv(fetching.FOLDER_VARIABLE, str(folder))
    with pytest.raises(DatasetError, match=message):
        bs.datasets.load("chinchilla")


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv(fetching.FOLDER_VARIABLE, raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    return tmp_path / "cache" / "bayes_scaling"


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Path, list[str]]]:
    """The folder that stands for the web, and what was asked of it."""
    folder = tmp_path / "served"
    folder.mkdir()
    asked: list[str] = []

    class Handler(http.server.SimpleHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:
            asked.append(self.path)

    with http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), partial(Handler, directory=str(folder))
    ) as running:
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        monkeypatch.setattr(public_table, "RAW_URL", f"http://127.0.0.1:{running.server_port}")
        yield folder, asked
        running.shutdown()
        thread.join()


@pytest.fixture
def table() -> PublicTable:
    """A table of one file, which no server has but that of these tests."""
    checksum = hashlib.sha256(b"N,D,loss\n").hexdigest()
    return replace(
        TABLES["chinchilla"], repository="a/b", commit="c", files={"data/runs.csv": checksum}
    )


def serve(folder: Path, content: bytes) -> None:
    file = folder / "a" / "b" / "c" / "data" / "runs.csv"
    file.parent.mkdir(parents=True)
    file.write_bytes(content)


@pytest.mark.skipif(sys.platform != "linux", reason="the cache folder is set through XDG")
def test_a_file_is_downloaded_once(
    cache: Path, server: tuple[Path, list[str]], table: PublicTable
) -> None:
    folder, asked = server
    serve(folder, b"N,D,loss\n")
    assert fetching.fetch(table) == [cache / "runs.csv"]
    assert (cache / "runs.csv").read_bytes() == b"N,D,loss\n"
    assert fetching.fetch(table) == [cache / "runs.csv"]
    assert asked == ["/a/b/c/data/runs.csv"]


@pytest.mark.skipif(sys.platform != "linux", reason="the cache folder is set through XDG")
def test_several_files_are_kept_as_in_the_repository(
    cache: Path, server: tuple[Path, list[str]], table: PublicTable
) -> None:
    serve(server[0], b"N,D,loss\n")
    (server[0] / "a" / "b" / "c" / "x=1.csv").write_bytes(b"x")
    more = {**table.files, "x=1.csv": hashlib.sha256(b"x").hexdigest()}
    names = ["chinchilla/data/runs.csv", "chinchilla/x=1.csv"]
    assert fetching.fetch(replace(table, files=more)) == [cache / name for name in names]


@pytest.mark.skipif(sys.platform != "linux", reason="the cache folder is set through XDG")
def test_another_file_than_expected_is_refused(
    cache: Path, server: tuple[Path, list[str]], table: PublicTable
) -> None:
    serve(server[0], b"something else")
    with pytest.raises(DatasetError, match=r"sent is not the file expected.*Try again"):
        fetching.fetch(table)
    assert not (cache / "runs.csv").exists()


@pytest.mark.usefixtures("cache", "server")
def test_without_the_file(table: PublicTable) -> None:
    with pytest.raises(DatasetError, match=r"cannot be downloaded.*Check the network"):
        fetching.fetch(table)


@pytest.mark.usefixtures("cache")
def test_without_a_network(monkeypatch: pytest.MonkeyPatch, table: PublicTable) -> None:
    monkeypatch.setattr(public_table, "RAW_URL", "http://127.0.0.1:1")
    with pytest.raises(DatasetError, match=r"cannot be downloaded.*Check the network"):
        fetching.fetch(table)


def test_importing_data_sets_loads_neither_http_client_nor_pymc() -> None:
    code = (
        "import sys, bayes_scaling.datasets\n"
        "print(sorted({'pooch', 'requests', 'pymc', 'arviz'} & set(sys.modules)))"
    )
    finished = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert finished.stdout.strip() == "[]", finished.stderr
