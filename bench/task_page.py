"""The task page on a simulated slow phone: until it can be used, and from Enter to the next image.

    python -m bench.task_page

Starts an installation of its own with the demo study, opens the page in headless Chromium with an empty cache, slows
the processor down four times and the network to 1.5 Mbit/s and 150 ms (Chromium's own emulation), and prints both
figures: of ten first visits, and of the forty answers in them, the first of each visit among them. Beside the time
until the page itself sees the new frame stands the browser's own figure for the same key (Event Timing: from the key to
the next paint). Exit status 1 if a bar is missed: by the median visit, or by the slowest of the answers.
"""

import os
import shutil
import statistics
import sys
from dataclasses import dataclass

from playwright.sync_api import Browser, Page, sync_playwright

from bench.site import whole_site

VISITS, ANSWERS = 10, 4
PHONE = {"width": 360, "height": 740}
SLOWDOWN = 4
NETWORK = {"offline": False, "latency": 150, "downloadThroughput": 1_500_000 / 8, "uploadThroughput": 1_500_000 / 8}
USABLE_SECONDS, NEXT_IMAGE_MS = 3.0, 100.0

_LOAD_DEMO = "from annotation.services.load_demo import load_demo; print(load_demo().slug)"
# When the first image can be seen (loaded, decoded, two frames later) and an option can be chosen.
_USABLE = """() => new Promise(resolve => {
  const look = () => {
    const image = document.querySelector('main img');
    const option = document.querySelector('[data-step] input[type=radio]');
    const ready = document.documentElement.dataset.ready && image?.complete && image.naturalWidth
      && option && !option.matches(':disabled');
    if (ready) requestAnimationFrame(() => requestAnimationFrame(() => resolve(performance.now())));
    else requestAnimationFrame(look);
  };
  look();
})"""
# From the key's own time stamp to the frame after the one in which another image, decoded, stands on the stage.
_MEASURE_ENTER = """() => {
  window.__next = window.__painted = null;
  let pressed = Infinity;
  new PerformanceObserver(list => {
    const enter = list.getEntries().find(each => each.name === 'keydown' && each.startTime >= pressed);
    window.__painted ??= enter?.duration;
  }).observe({ type: 'event', durationThreshold: 16 });
  document.addEventListener('keydown', event => {
    if (event.key !== 'Enter') return;
    const frame = document.querySelector('[data-frame]');
    const before = frame.dataset.stimulus;
    pressed = event.timeStamp;
    const look = () => {
      const image = frame.querySelector('img');
      const shown = frame.dataset.stimulus !== before && image?.complete && image.naturalWidth;
      if (shown) requestAnimationFrame(() => { window.__next = performance.now() - pressed; });
      else requestAnimationFrame(look);
    };
    look();
  }, { capture: true, once: true });
}"""


def slow_down(page: Page) -> None:
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    session.send("Network.clearBrowserCache")
    session.send("Network.emulateNetworkConditions", NETWORK)
    session.send("Emulation.setCPUThrottlingRate", {"rate": SLOWDOWN})


@dataclass
class Visit:
    """One person's first visit: seconds until the page can be used; of each Enter, milliseconds to the next image, by
    the page's own frames and by the browser's Event Timing (to 8 ms; None where it was below 16 ms).
    """

    usable: float
    waits: list[float]
    painted: list[float | None]


def visit(browser: Browser, address: str, slug: str) -> Visit:
    context = browser.new_context(
        base_url=address,
        viewport=PHONE,  # type: ignore[arg-type]
        has_touch=True,
        is_mobile=True,
        service_workers="block",
        storage_state={"cookies": taking_part(browser, address, slug), "origins": []},  # type: ignore[arg-type]
    )
    page = context.new_page()
    slow_down(page)
    page.goto(f"/s/{slug}/task", wait_until="commit")
    found = Visit(page.evaluate(_USABLE) / 1000, [], [])
    for _ in range(ANSWERS):
        page.keyboard.press("2")
        page.keyboard.type("the calm water makes me feel small")
        page.evaluate(_MEASURE_ENTER)
        page.keyboard.press("Enter")
        page.wait_for_function("() => window.__next !== null")
        found.waits.append(page.evaluate("window.__next"))
        # a person looks for some seconds; the page uses them
        page.wait_for_load_state("networkidle")
        found.painted.append(page.evaluate("window.__painted"))
    context.close()
    return found


def taking_part(browser: Browser, address: str, slug: str) -> list[dict[str, object]]:
    """The cookies of somebody who has just agreed and has not seen the task yet."""
    context = browser.new_context(base_url=address)
    page = context.new_page()
    page.goto(f"/s/{slug}/")
    page.get_by_role("button", name="I agree and take part").click()
    page.wait_for_url("**/instructions")
    cookies = context.cookies()
    context.close()
    return [dict(cookie) for cookie in cookies]


def main() -> int:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    with whole_site() as site, sync_playwright() as playwright:
        slug = site.command("manage.py", "shell", "-v0", "-c", _LOAD_DEMO).splitlines()[-1]
        browser = playwright.chromium.launch(
            executable_path=chromium, args=["--headless", "--no-sandbox", "--disable-gpu"]
        )
        visits = [visit(browser, f"http://127.0.0.1:{site.port}", slug) for _ in range(VISITS)]
        browser.close()
    usable = [each.usable for each in visits]
    waits = [wait for each in visits for wait in each.waits]
    first = [each.waits[0] for each in visits]
    painted = [duration or 16.0 for each in visits for duration in each.painted]
    print(f"CPU {SLOWDOWN}x slower, 1.5 Mbit/s, 150 ms, first visit, empty cache, {VISITS} visits")
    print(f"usable after            median {statistics.median(usable):.2f} s, worst {max(usable):.2f} s")
    print(f"Enter to the next image median {statistics.median(waits):.0f} ms, worst {max(waits):.0f} ms")
    print(f"  of a visit's first    median {statistics.median(first):.0f} ms, worst {max(first):.0f} ms")
    print(f"  by Event Timing       median {statistics.median(painted):.0f} ms, worst {max(painted):.0f} ms")
    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    return int(statistics.median(usable) > USABLE_SECONDS or max(waits) > NEXT_IMAGE_MS)


if __name__ == "__main__":
    sys.exit(main())
