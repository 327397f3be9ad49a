"""A real browser in front of the real product: `python -m launcher up` in a folder of its own, with the demo study."""

import json
import os
import re
import select
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from config.env import SETTINGS
from tests.conftest import ROOT

START_SECONDS = 180
ADMIN_PASSWORD = "a long password of my own"
PHONE = {"width": 360, "height": 740}
DESKTOP = {"width": 1280, "height": 800}

expect.set_options(timeout=30_000)  # a busy machine is no failure; what holds at once is seen at once


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "tests/browser/" in str(item.path):
            item.add_marker(pytest.mark.browser)


@dataclass
class Product:
    """A running installation. manage(): a management command on it, its output back."""

    address: str
    data: Path
    one_time_password: str
    environment: dict[str, str]
    process: subprocess.Popen[bytes]
    _commands: subprocess.Popen[str] | None = None

    def manage(self, *words: str) -> str:
        if self._commands is None:
            self._commands = subprocess.Popen(
                [sys.executable, "-m", "tests.browser.commands"],
                cwd=ROOT,
                env={**own_environment(), **self.environment, "DJANGO_SETTINGS_MODULE": "config.settings"},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
        assert self._commands.stdin is not None
        assert self._commands.stdout is not None
        print(json.dumps(words), file=self._commands.stdin, flush=True)
        answer = json.loads(self._commands.stdout.readline() or '{"code": 1, "error": "No answer came."}')
        assert answer["code"] == 0, answer["error"][-3000:]
        return str(answer["out"])

    def stop(self) -> None:
        if self._commands is not None:
            self._commands.communicate(timeout=60)
        stop(self.process)


def own_environment() -> dict[str, str]:
    """The environment without what the tests' own Django was started with."""
    ours = {*(setting.name for setting in SETTINGS), "DJANGO_SETTINGS_MODULE"}
    return {name: value for name, value in os.environ.items() if name not in ours}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def start_product(data: Path) -> Product:
    """Starts an installation and waits until it says that it is ready."""
    environment = {**own_environment(), "COMMONGROUND_DATA": str(data), "PORT": str(free_port()), "HOST": "127.0.0.1"}
    output = data.with_suffix(".output")
    with output.open("w") as said:
        process = subprocess.Popen(
            [sys.executable, "-m", "launcher", "up"], cwd=ROOT, env=environment, stdout=said, stderr=subprocess.STDOUT
        )
    deadline = time.monotonic() + START_SECONDS
    while "ready after" not in output.read_text():
        if process.poll() is not None or time.monotonic() > deadline:
            stop(process)
            pytest.fail(f"The product did not start:\n{output.read_text()}")
        select.select([], [], [], 0.2)
    record = json.loads((data / "run.json").read_text())
    password = re.search(r"one-time password (\S+)", output.read_text())
    shown = password.group(1) if password else ""
    return Product(record["address"].rstrip("/"), data, shown, record["environment"], process)


def stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    process.wait(timeout=60)


@pytest.fixture(scope="session")
def product(tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> Iterator[Product]:
    product = start_product(tmp_path_factory.mktemp("product") / "var")
    try:
        page = browser.new_page(base_url=product.address)
        choose_own_password(page, product)
        page.close()
        yield product
    finally:
        product.stop()


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, Any]:
    return chromium_launch_args()


def chromium_launch_args() -> dict[str, Any]:
    """The machine's own Chromium, without anything that calls home."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        pytest.fail("No Chromium on this machine. Install it: apt-get install chromium")
    return {
        "executable_path": chromium,
        "args": [
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
        ],
    }


@pytest.fixture
def browser_context_args(product: Product) -> dict[str, Any]:
    return {"base_url": product.address, "viewport": DESKTOP}


def sign_in(page: Page, name: str, password: str) -> None:
    page.goto("/account/login")
    page.get_by_label("User name").or_(page.get_by_label("Username")).first.fill(name)
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_role("main").get_by_role("button", name="Sign in").click()


def wait_in_page(page: Page, condition: str, argument: Any = None, seconds: float = 60) -> None:
    """Until the page's own answer to `condition`, the text of an asynchronous JavaScript function, is true."""
    holds = page.evaluate(
        f"""async ([argument, milliseconds]) => {{
            const end = performance.now() + milliseconds;
            while (performance.now() < end) {{
                if (await ({condition})(argument)) return true;
                await new Promise(resolve => setTimeout(resolve, 100));
            }}
            return false;
        }}""",
        [argument, seconds * 1000],
    )
    assert holds, f"not so after {seconds} seconds: {condition}"


def choose_own_password(page: Page, product: Product) -> None:
    """The first admin's first minute."""
    sign_in(page, "admin", product.one_time_password)
    page.wait_for_url("**/account/password*")
    page.locator("input[name=old_password]").fill(product.one_time_password)
    page.locator("input[name=new_password1]").fill(ADMIN_PASSWORD)
    page.locator("input[name=new_password2]").fill(ADMIN_PASSWORD)
    page.get_by_role("main").get_by_role("button").last.click()
    page.wait_for_load_state()


@pytest.fixture
def admin_page(page: Page) -> Page:
    sign_in(page, "admin", ADMIN_PASSWORD)
    page.wait_for_url("**/studies/")
    return page


def demo_slug(product: Product) -> str:
    return product.manage(
        "shell", "-v0", "-c", "from annotation.models import Study; print(Study.objects.get(is_demo=True).slug)"
    ).strip()


def demo_with_room(product: Product) -> str:
    """The demo study, wanting so many responses that no test takes the images away from those after it."""
    return product.manage(
        "shell",
        "-v0",
        "-c",
        "from annotation.models import Study; from annotation.services.create_study import update_study; "
        "study = Study.objects.get(is_demo=True); update_study(study=study, wanted_responses=60); print(study.slug)",
    ).strip()


def assert_accessible(page: Page) -> None:
    """axe finds nothing, WCAG 2.2 AA and best practices."""
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


def assert_fits(page: Page) -> None:
    """Nothing makes the page scroll sideways."""
    width = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert width <= 0, f"{page.url} is {width} pixels too wide"


def join(page: Page, slug: str) -> None:
    """Welcome, consent, instructions, up to the first image."""
    page.goto(f"/s/{slug}/")
    page.get_by_role("button", name="I agree and take part").click()
    page.wait_for_url("**/instructions")
    page.get_by_role("link", name="Show me the first image").click()
    page.wait_for_url("**/task")
