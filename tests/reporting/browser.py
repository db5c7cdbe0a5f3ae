"""A headless Chromium over the WebDriver protocol, without any package for it."""

import contextlib
import json
import re
import shutil
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
)
KEYS = {"tab": "\ue004", "backspace": "\ue003", "right": "\ue014", "enter": "\ue007"}


def missing() -> str | None:
    """Why there is no browser to test in; None if there is one."""
    programs = ("chromium", "chromedriver")
    absent = [name for name in programs if shutil.which(name) is None]
    return f"{' and '.join(absent)} not installed" if absent else None


class Browser:
    """One session of a browser."""

    def __init__(self, address: str) -> None:
        # The machine's proxy, if it has one, knows nothing of the driver on this machine.
        self._open = urllib.request.build_opener(urllib.request.ProxyHandler({})).open
        self._address = address

    def call(self, method: str, path: str, **body: Any) -> Any:
        """One command of the protocol."""
        content = None if method == "GET" else json.dumps(body).encode()
        request = urllib.request.Request(self._address + path, content, method=method)
        request.add_header("Content-Type", "application/json")
        with self._open(request, timeout=60) as answer:
            return json.load(answer)["value"]

    def show(self, path: Path, setting: str = "") -> None:
        """Open a report at a setting, and wait until its numbers are there."""
        self.call("POST", "/url", url="about:blank")
        self.call("POST", "/url", url=f"{path.resolve().as_uri()}#{setting}")
        self.until("document.body.dataset.explored === 'yes'")

    def until(self, script: str) -> None:
        """Wait until a piece of JavaScript is true."""
        for _ in range(200):
            if self.run(f"return {script}"):
                return
            time.sleep(0.05)
        raise AssertionError(f"within 10 s the page did not come to {script}")

    def run(self, script: str, *arguments: object) -> Any:
        """The value of a piece of JavaScript."""
        return self.call("POST", "/execute/sync", script=script, args=list(arguments))

    def width(self, pixels: int) -> None:
        """Make the window as wide as a screen."""
        metrics = {"width": pixels, "height": 800, "deviceScaleFactor": 1, "mobile": True}
        self.call(
            "POST", "/goog/cdp/execute", cmd="Emulation.setDeviceMetricsOverride", params=metrics
        )

    def media(self, kind: str, scheme: str) -> None:
        """Show the page on a screen or as printed, light or dark."""
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self.call(
            "POST",
            "/goog/cdp/execute",
            cmd="Emulation.setEmulatedMedia",
            params={"media": kind, "features": features},
        )

    def press(self, text: str) -> None:
        """Type on the keyboard, to whatever has the focus."""
        strokes = [{"type": kind, "value": k} for k in text for kind in ("keyDown", "keyUp")]
        actions = [{"type": "key", "id": "keyboard", "actions": strokes}]
        self.call("POST", "/actions", actions=actions)

    def text(self, identifier: str) -> str:
        """The visible text of an element."""
        return str(self.run("return document.getElementById(arguments[0]).innerText", identifier))

    def interval(self, identifier: str) -> dict[str, float]:
        """Median and ends of a result, in full precision."""
        found = self.run("return {...document.getElementById(arguments[0]).dataset}", identifier)
        return {name: float(found[name]) for name in ("median", "lower", "upper")}


@contextlib.contextmanager
def browsing() -> Iterator[Browser]:
    """A browser with a profile of its own, closed at the end."""
    with (
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile,
        subprocess.Popen(
            ["chromedriver", "--port=0"],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        ) as driver,
    ):
        try:
            assert driver.stdout is not None
            said = (re.search(r"successfully on port (\d+)", line) for line in driver.stdout)
            port = next(found.group(1) for found in said if found)
            address = f"http://127.0.0.1:{port}/session"
            options = {"args": [*FLAGS, f"--user-data-dir={profile}"]}
            session = Browser(address).call(
                "POST", "", capabilities={"alwaysMatch": {"goog:chromeOptions": options}}
            )
            browser = Browser(f"{address}/{session['sessionId']}")
            try:
                yield browser
            finally:
                browser.call("DELETE", "")
        finally:
            driver.terminate()
