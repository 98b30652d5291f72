"""A browser through chromedriver's WebDriver, with the standard library alone."""

import base64
import json
import os
import re
import signal
import subprocess
import tempfile
import time
import urllib.request

# Chromium asks nobody outside, and is nobody's first visit.
ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--hide-scrollbars",
    "--force-device-scale-factor=1",
]

# Longest time for the driver to begin, and for one command, in seconds.
START_SECONDS_MAX = 20
COMMAND_SECONDS_MAX = 30

# How WebDriver names an element in JSON.
ELEMENT = "element-6066-11e4-a52e-4f735466cecf"


class Browser:
    """A headless Chromium; a context manager that ends it and what it started."""

    def __enter__(self):
        self.profile = tempfile.TemporaryDirectory(prefix="worldtape-chromium-")
        self.driver = subprocess.Popen(
            ["chromedriver", "--port=0"],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
        )
        try:
            self.base = f"http://127.0.0.1:{self._port()}"
            self.session = self._open()
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(self, *_):
        try:
            self.command("DELETE", "")
        except OSError:
            pass  # A driver that is gone has no session either.
        self._end()

    def _end(self):
        # The driver leads a group of its own: the browser goes with it.
        try:
            os.killpg(self.driver.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.driver.wait()
        self.driver.stdout.close()
        # Chromium may still be writing where it is told to end.
        for _ in range(20):
            try:
                self.profile.cleanup()
                return
            except OSError:
                time.sleep(0.1)

    def _port(self):
        deadline = time.monotonic() + START_SECONDS_MAX
        while time.monotonic() < deadline:
            line = self.driver.stdout.readline()
            found = re.search(r"started successfully on port (\d+)", line)
            if found:
                return int(found.group(1))
            if not line:
                break
        raise RuntimeError("chromedriver did not say its port")

    def _open(self):
        options = {"args": ARGUMENTS + [f"--user-data-dir={self.profile.name}"]}
        wanted = {
            "browserName": "chrome",
            "goog:chromeOptions": options,
            "goog:loggingPrefs": {"browser": "ALL"},
        }
        body = {"capabilities": {"alwaysMatch": wanted}}
        return self._send("POST", "/session", body)["sessionId"]

    def _send(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(
            self.base + path, data=data, method=method, headers={"Content-Type": "application/json"}
        )
        # Loopback goes through no proxy.
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=COMMAND_SECONDS_MAX) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            value = json.load(error)["value"]
            raise RuntimeError(f"{value['error']}: {value['message'].splitlines()[0]}") from None

    def command(self, method, path, body=None):
        """One command of this session."""
        return self._send(method, f"/session/{self.session}{path}", body)

    def chromium(self, name, **parameters):
        """One command of the DevTools protocol."""
        return self.command("POST", "/goog/cdp/execute", {"cmd": name, "params": parameters})

    def open(self, address):
        self.command("POST", "/url", {"url": address})

    def script(self, text, *arguments):
        body = {"script": text, "args": list(arguments)}
        return self.command("POST", "/execute/sync", body)

    def element(self, selector):
        found = self.command("POST", "/element", {"using": "css selector", "value": selector})
        return found[ELEMENT]

    def click_at(self, selector, share):
        """Clicks an element at this share of its width."""
        element = self.element(selector)
        self.script("arguments[0].scrollIntoView({block: 'center'})", {ELEMENT: element})
        box = self.script(
            "const b = arguments[0].getBoundingClientRect(); return [b.left, b.top, b.width, b.height]",
            {ELEMENT: element},
        )
        x, y = int(box[0] + box[2] * share), int(box[1] + box[3] / 2)
        pointer = [
            {"type": "pointerMove", "duration": 0, "x": x, "y": y},
            {"type": "pointerDown", "button": 0},
            {"type": "pointerUp", "button": 0},
        ]
        source = {"type": "pointer", "id": "mouse", "actions": pointer}
        self.command("POST", "/actions", {"actions": [source]})

    def keys(self, selector, text):
        element = self.element(selector)
        self.command("POST", f"/element/{element}/value", {"text": text})

    def log(self):
        """What the console said since the last call."""
        return self.command("POST", "/se/log", {"type": "browser"})

    def view(self, width, height, scheme="light", scripts=True):
        """Size in pixels of CSS, colour scheme, and whether scripts run."""
        self.chromium(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=False,
        )
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self.chromium("Emulation.setEmulatedMedia", features=features)
        self.chromium("Emulation.setScriptExecutionDisabled", value=not scripts)

    def screenshot(self, path, full=True):
        shot = self.chromium("Page.captureScreenshot", format="png", captureBeyondViewport=full)
        with open(path, "wb") as out:
            out.write(base64.b64decode(shot["data"]))
