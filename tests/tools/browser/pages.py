"""A page of the report as a reader sees it: what is shown, what is typed, what is pressed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from selenium.webdriver import ActionChains, Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import Select, WebDriverWait

from tests.tools.browser.places import AXE

RULES = ("site", "group", "direction", "protocol", "ports", "peer", "why")
FLOWS = ("flow", "site", "from", "to", "direction", "protocol", "ports", "why")
COLUMNS = {"rules": RULES, "flows": FLOWS}
SHOWN = """
return [...document.querySelectorAll(arguments[0])].map(
  (row) => [...row.cells].map((cell) => cell.innerText.trim()))
"""


class Page:
    """What a test does with the browser."""

    def __init__(self, browser: Chrome) -> None:
        self.browser = browser

    def reset(self) -> None:
        self.command("Emulation.setScriptExecutionDisabled", value=False)
        self.media("light")
        self.resize(1400, 1000)
        self.browser.get("about:blank")
        self.browser.get_log("browser")  # type: ignore[no-untyped-call]

    def command(self, name: str, **values: Any) -> Any:
        return self.browser.execute_cdp_cmd(name, values)

    def media(self, scheme: str, kind: str = "") -> None:
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self.command("Emulation.setEmulatedMedia", media=kind, features=features)

    def resize(self, width: int, height: int) -> None:
        self.command(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=False,
        )

    def open(self, path: Path, anchor: str = "", scripts: bool = True) -> None:
        self.command("Emulation.setScriptExecutionDisabled", value=not scripts)
        self.browser.get("about:blank")
        self.browser.get(f"{path.as_uri()}{anchor}")

    def ask(self, script: str, *values: Any) -> Any:
        return self.browser.execute_script(script, *values)

    def find(self, selector: str) -> WebElement:
        """The first of its kind, as soon as it is there."""
        self.wait(lambda: self.all(selector), f"{selector} is on the page")
        return self.all(selector)[0]

    def follow(self, selector: str) -> None:
        """Go where a link leads, by the keyboard: a click may miss it, where parts of the page get their
        height only while it is scrolled there.
        """
        self.find(selector).send_keys(Keys.ENTER)

    def all(self, selector: str) -> list[WebElement]:
        return self.browser.find_elements(By.CSS_SELECTOR, selector)

    def press(self, *keys: str) -> None:
        ActionChains(self.browser).send_keys(*keys).perform()

    def shown(self, kind: str) -> list[dict[str, str]]:
        """The rows of the rules or the flow matrix that are there to see."""
        rows = self.ask(SHOWN, f"[data-explorer={kind}] tbody tr")
        return [dict(zip(COLUMNS[kind], row, strict=True)) for row in rows]

    def told(self, kind: str) -> str:
        """What the status says: `182 of 182 rules`."""
        return self.find(f"[data-explorer={kind}] [role=status]").text

    def wait(self, truth: Callable[[], object], words: str) -> None:
        """Until something is so; what the page does after a key or a link takes it a moment."""

        def is_so(_browser: Chrome) -> bool:
            return bool(truth())

        WebDriverWait(self.browser, 30, poll_frequency=0.02).until(is_so, f"never so: {words}")

    def await_told(self, kind: str, text: str) -> None:
        self.wait(lambda: self.told(kind) == text, f"{kind} tell {text!r}")

    def search(self, kind: str, text: str) -> None:
        self.find(f"#{kind}-text").send_keys(text)
        # What the last key set going is done; it would close what is opened next.
        self.browser.execute_async_script("setTimeout(arguments[0], 0)")

    def choose(self, kind: str, field: str, value: str) -> None:
        Select(self.find(f"#{kind}-{field}")).select_by_visible_text(value)

    def focused(self) -> WebElement:
        return self.browser.switch_to.active_element

    def complaints(self) -> list[str]:
        """What the browser's console has to say."""
        entries = self.browser.get_log("browser")  # type: ignore[no-untyped-call]
        return [entry["message"] for entry in entries]

    def violations(self) -> list[str]:
        """What axe-core finds, one line each: the rule and the element."""
        self.ask(AXE.read_text(encoding="utf-8"))
        found = self.browser.execute_async_script(
            "const done = arguments[arguments.length - 1];"
            "axe.run(document, {resultTypes: ['violations']}).then(r => done(r.violations), e => done([{"
            "id: String(e), nodes: [{html: ''}]}]))"
        )
        return [f"{one['id']}: {node['html'][:150]}" for one in found for node in one["nodes"]]
