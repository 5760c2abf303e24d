"""Firefox and WebKit (what Safari is made of), driven by what each of them brings along, with the same few verbs.

Firefox answers on its Marionette port, WebKitGTK by its WebDriver; both know the W3C's commands (WebDriver level 2).
"""

import json
import shutil
import socket
import tempfile
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from tests.servers.machine import free_port, listens, start, stop

ELEMENT = "element-6066-11e4-a52e-4f735466cecf"  # how both name an element (WebDriver, 12.1)
ENTER, SHIFT, ALT = "\ue007", "\ue008", "\ue00a"  # keys that have no character (WebDriver, 17.4.2)
PATIENCE = 60.0  # seconds for one command on a slow machine
SIZE = {"width": 1280, "height": 800}
MINI_BROWSER = "usr/lib/*/webkit2gtk-4.1/MiniBrowser"
_PREFERENCES: dict[str, Any] = {
    "intl.accept_languages": "zh-CN,zh",
    "app.update.enabled": False,
    "browser.shell.checkDefaultBrowser": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "network.captive-portal-service.enabled": False,
    "network.proxy.type": 0,
}


class CommandFailed(Exception):
    """The browser would not; in its words."""


class Engine(Protocol):
    """A browser with one window in front. Everything waits: ask from a thread."""

    name: str

    def command(self, name: str, **values: Any) -> Any:
        """A W3C command by its name here: see ``COMMANDS``. Raises CommandFailed."""
        ...

    def close(self) -> None: ...


# name → (Marionette's name, method and path of WebDriver)
COMMANDS: dict[str, tuple[str, str, str]] = {
    "go": ("WebDriver:Navigate", "POST", "/url"),
    "reload": ("WebDriver:Refresh", "POST", "/refresh"),
    "run": ("WebDriver:ExecuteScript", "POST", "/execute/sync"),
    "press": ("WebDriver:ElementClick", "POST", "/element/{id}/click"),
    "write": ("WebDriver:ElementSendKeys", "POST", "/element/{id}/value"),
    "cookie": ("WebDriver:AddCookie", "POST", "/cookie"),
    "windows": ("WebDriver:GetWindowHandles", "GET", "/window/handles"),
    "window": ("WebDriver:GetWindowHandle", "GET", "/window"),
    "switch": ("WebDriver:SwitchToWindow", "POST", "/window"),
    "photograph": ("WebDriver:TakeScreenshot", "GET", "/screenshot"),
    "resize": ("WebDriver:SetWindowRect", "POST", "/window/rect"),
}


class Firefox:
    """Firefox without a screen. Frames of Marionette are ``length:[kind, number, …]``."""

    name = "firefox"

    def __init__(self, folder: Path) -> None:
        self.port, self._asked, self._heard = free_port(), 0, b""
        profile = Path(tempfile.mkdtemp(prefix="firefox-", dir=folder))
        preferences = {**_PREFERENCES, "marionette.port": self.port}
        lines = [f"user_pref({json.dumps(key)}, {json.dumps(value)});" for key, value in preferences.items()]
        (profile / "user.js").write_text("\n".join(lines))
        home = ["env", f"HOME={profile}"]  # it would look at the profiles of whoever runs this
        command = [
            *home,
            firefox_path(),
            "--headless",
            "--marionette",
            "--no-remote",
            "--profile",
            str(profile),
        ]
        self._process = start(command, folder / "firefox.log", lambda: listens(self.port))
        self._line = socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE)
        self._read()  # it says who it is
        self._ask("WebDriver:NewSession", {})
        self.command("resize", **SIZE)

    def command(self, name: str, **values: Any) -> Any:
        answer = self._ask(COMMANDS[name][0], values)
        return answer["value"] if isinstance(answer, dict) and answer.keys() == {"value"} else answer

    def close(self) -> None:
        self._line.close()
        stop(self._process)

    def _ask(self, name: str, values: dict[str, Any]) -> Any:
        self._asked += 1
        frame = json.dumps([0, self._asked, name, values]).encode()
        self._line.sendall(b"%d:%b" % (len(frame), frame))
        _, _, refusal, answer = self._read()
        if refusal:
            raise CommandFailed(f"{name}: {refusal['error']}: {refusal['message']}")
        return answer

    def _read(self) -> Any:
        while b":" not in self._heard:
            self._more()
        length, self._heard = self._heard.split(b":", 1)
        while len(self._heard) < int(length):
            self._more()
        frame, self._heard = self._heard[: int(length)], self._heard[int(length) :]
        return json.loads(frame)

    def _more(self) -> None:
        heard = self._line.recv(2**20)
        if not heard:
            raise CommandFailed("Firefox has gone")
        self._heard += heard


class WebKit:
    """WebKitGTK's small browser, on a screen of its own that nobody sees."""

    name = "webkit"

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        screen = f":{self.port}"
        display = Path(f"/tmp/.X11-unix/X{self.port}")
        self._screen = start(
            ["Xvfb", screen, "-screen", "0", "1400x1000x24"], folder / "xvfb.log", display.exists
        )
        surroundings = {
            "DISPLAY": screen,
            "GDK_BACKEND": "x11",
            "HOME": str(folder),
            "XDG_RUNTIME_DIR": str(folder),
            "WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS": "1",  # it needs rights that a container does not have
        }
        settings = [f"{key}={value}" for key, value in surroundings.items()]
        driver = ["env", *settings, "WebKitWebDriver", f"--port={self.port}"]
        self._process = start(driver, folder / "webkit.log", lambda: listens(self.port))
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        options = {"binary": mini_browser_path(), "args": ["--automation"]}
        wanted = {"capabilities": {"alwaysMatch": {"webkitgtk:browserOptions": options}}}
        self._session = f"/session/{self._ask('POST', '/session', wanted)['sessionId']}"
        self.command("resize", **SIZE)

    def command(self, name: str, **values: Any) -> Any:
        _, method, path = COMMANDS[name]
        place = self._session + path.format(id=values.pop("id", ""))
        return self._ask(method, place, values if method == "POST" else None)

    def close(self) -> None:
        for process in (self._process, self._screen):
            stop(process)

    def _ask(self, method: str, path: str, values: dict[str, Any] | None) -> Any:
        body = None if values is None else json.dumps(values).encode()
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", body, method=method)
        try:
            with self._opener.open(request, timeout=PATIENCE) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as refused:
            with refused:
                value = json.load(refused)["value"]
            raise CommandFailed(f"{path}: {value['error']}: {value['message']}") from None


def firefox_path() -> str:
    """Debian's Firefox, or another; empty where there is none."""
    return next(filter(None, map(shutil.which, ("firefox-esr", "firefox"))), "")


def mini_browser_path() -> str:
    """The browser that WebKitWebDriver drives; empty where there is none."""
    return next((str(found) for found in sorted(Path("/").glob(MINI_BROWSER))), "")


def _has_webkit() -> bool:
    return all(map(shutil.which, ("WebKitWebDriver", "Xvfb"))) and bool(mini_browser_path())


ENGINES: dict[str, tuple[Callable[[], object], Callable[[Path], Engine]]] = {
    "firefox": (firefox_path, Firefox),
    "webkit": (_has_webkit, WebKit),
}
