"""A headless Chromium, driven over its DevTools protocol with nothing but the standard library."""

from __future__ import annotations

import base64
import json
import os
import shutil
import socket
import struct
import subprocess
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import Any

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def program() -> str | None:
    """The browser's path: $CHROMIUM, or the first that is installed."""
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)


class Socket:
    """The client's side of a web socket (RFC 6455), as far as DevTools needs it: text frames."""

    def __init__(self, url: str, timeout: float) -> None:
        host, path = url.removeprefix("ws://").split("/", 1)
        name, port = host.rsplit(":", 1)
        self.socket = socket.create_connection((name, int(port)), timeout)
        key = base64.b64encode(os.urandom(16)).decode()
        request = f"GET /{path} HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        self.socket.sendall(f"{request}Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode())
        self.file = self.socket.makefile("rb")
        assert b" 101 " in self.file.readline(), "the browser does not talk"
        while self.file.readline() not in (b"\r\n", b""):
            pass

    def send(self, text: str) -> None:
        data, mask = text.encode(), os.urandom(4)
        n = len(data)
        size = bytes([0x80 | n]) if n < 126 else b"\xfe" + struct.pack(">H", n) if n < 65536 else b"\xff" + struct.pack(">Q", n)
        masked = bytes(b ^ mask[i % 4] for i, b in enumerate(data))
        self.socket.sendall(b"\x81" + size + mask + masked)

    def frame(self) -> tuple[int, bytes]:
        first, n = self.file.read(2)
        if n == 126:
            n = struct.unpack(">H", self.file.read(2))[0]
        elif n == 127:
            n = struct.unpack(">Q", self.file.read(8))[0]
        return first, self.file.read(n)

    def receive(self) -> str:
        whole = b""
        while True:
            first, data = self.frame()
            if first & 0x0F in (0, 1):
                whole += data
                if first & 0x80:
                    return whole.decode()

    def close(self) -> None:
        self.file.close()
        self.socket.close()


class Browser:
    """One page of a browser of its own, which ends with it. Errors of the page and requests that it makes are kept."""

    def __init__(self, width: int = 1200, height: int = 900, timeout: float = 60) -> None:
        path = program()
        assert path, "no browser"
        self.profile = tempfile.mkdtemp(prefix="browser")
        options = ["--headless", "--disable-gpu", "--no-first-run", "--remote-debugging-port=0", "--hide-scrollbars"]
        if os.geteuid() == 0:
            options.append("--no-sandbox")  # it refuses to start as root with one
        options += [f"--user-data-dir={self.profile}", f"--window-size={width},{height}", "about:blank"]
        self.process = subprocess.Popen([path, *options], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.errors: list[str] = []
        self.requests: list[str] = []
        self.loaded: set[str] = set()
        self.number = 0
        try:
            self.socket = Socket(self._page(timeout), timeout)
            for domain in ("Page", "Runtime", "Log", "Network"):
                self.call(domain + ".enable")
            self.call("Page.setLifecycleEventsEnabled", enabled=True)
        except BaseException:
            self._end()
            raise

    def _page(self, timeout: float) -> str:
        """The address of the page's web socket, once the browser has told its port."""
        end, file = time.monotonic() + timeout, Path(self.profile) / "DevToolsActivePort"
        while time.monotonic() < end:
            assert self.process.poll() is None, "the browser ended"
            if file.exists() and file.read_text().strip():
                port = file.read_text().split()[0]
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/json", timeout=timeout) as answer:
                    for target in json.load(answer):
                        if target["type"] == "page":
                            return target["webSocketDebuggerUrl"]
            time.sleep(0.05)
        raise TimeoutError("the browser did not start")

    def _next(self) -> dict[str, Any]:
        message = json.loads(self.socket.receive())
        method, what = message.get("method"), message.get("params", {})
        if method == "Runtime.exceptionThrown":
            self.errors.append(json.dumps(what["exceptionDetails"])[:2000])
        elif method == "Log.entryAdded" and what["entry"]["level"] == "error":
            self.errors.append(what["entry"]["text"])
        elif method == "Network.requestWillBeSent":
            self.requests.append(what["request"]["url"])
        elif method == "Page.lifecycleEvent" and what["name"] == "load":
            self.loaded.add(what["loaderId"])
        return message

    def call(self, method: str, **what: Any) -> dict[str, Any]:
        self.number += 1
        self.socket.send(json.dumps({"id": self.number, "method": method, "params": what}))
        while True:
            message = self._next()
            if message.get("id") == self.number:
                assert "error" not in message, f"{method}: {message['error']}"
                return message["result"]

    def open(self, path: Path, fragment: str = "") -> None:
        """Open a file and wait until it is loaded."""
        self.go(path.resolve().as_uri(), fragment)

    def go(self, address: str, fragment: str = "") -> None:
        """The same by an address. The end of what was loaded before does not count."""
        self.loaded.clear()
        loader = self.call("Page.navigate", url=address + fragment).get("loaderId")
        while loader and loader not in self.loaded:
            self._next()

    def run(self, script: str) -> Any:
        """The value of an expression, or of a promise."""
        answer = self.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def key(self, key: str, text: str = "") -> None:
        codes = {"Enter": 13, "Escape": 27, "ArrowLeft": 37, "ArrowUp": 38, "ArrowRight": 39, "ArrowDown": 40}
        text = text or (key if len(key) == 1 else "\r" if key == "Enter" else "")
        what = {"key": key, "windowsVirtualKeyCode": codes.get(key, ord(key[0].upper()))}
        self.call("Input.dispatchKeyEvent", type="keyDown", text=text, **what)
        self.call("Input.dispatchKeyEvent", type="keyUp", **what)

    def type(self, text: str) -> None:
        self.call("Input.insertText", text=text)

    def click(self, selector: str, times: int = 1) -> None:
        """A click of the mouse into the middle of an element."""
        x, y = self.run(f"(r => [r.x + r.width / 2, r.y + r.height / 2])"
                        f"(document.querySelector({json.dumps(selector)}).getBoundingClientRect())")  # fmt: skip
        for n in range(1, times + 1):
            for kind in ("mousePressed", "mouseReleased"):
                self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", buttons=1, clickCount=n)

    def screenshot(self, path: Path) -> None:
        path.write_bytes(base64.b64decode(self.call("Page.captureScreenshot", format="png")["data"]))

    def _end(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.profile, ignore_errors=True)

    def close(self) -> None:
        self.socket.close()
        self._end()

    def __enter__(self) -> "Browser":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
