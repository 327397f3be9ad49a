"""The results pages at Affection's size: server time, bytes of the first view, the explorer's filters, 20 readers.

bench/dashboard                     85,007 images, 526,749 responses, 6,283 people: some ten minutes
bench/dashboard --short             a tenth of it
bench/dashboard --readers 20 --seconds 60 --pause 4

The product runs as `make up` starts it, with two web workers and Celery, in a temporary folder; the study is written
straight into the tables (bench/dashboard_study.py) and counted by the product. Server time is what a client on the same
machine waits for the whole answer, so a little more than the server's own. A reader opens a page, reads for the pause
(exponential, mean --pause seconds), opens the next.
"""

import argparse
import gzip
import http.client
import json
import random
import re
import statistics
import threading
import time
from typing import Any

from bench.affection import PEOPLE, RESPONSES, STIMULI
from bench.machine import machine
from bench.site import Site, whole_site

PAGES = {
    "at a glance": "/studies/{slug}/",
    "common ground": "/studies/{slug}/common-ground",
    "explorer": "/studies/{slug}/explorer",
    "annotators": "/studies/{slug}/annotators",
    "one image": "/studies/{slug}/stimuli/{key}",
}
FILTERS = (
    "", "sort=agreement_high", "sort=agreement_low", "sort=entropy_high", "sort=entropy_low", "sort=top_share",
    "sort=mixed", "sort=responses", "sort=share:fear", "emotion=fear", "emotion=anger&sort=agreement_high",
    "felt=awe&felt=fear", "felt=awe&felt=fear&sort=mixed", "majority=strict_majority&emotion=contentment",
    "mix=positive_and_negative", "agreement_min=0.9", "agreement_min=0.2&agreement_max=0.4&sort=entropy_low",
    "entropy_min=1.5", "top_max=0.3", "responses_min=7", "share_of=sadness&share_min=0.5", "source=flickr30k_affective",
    "source=flickr30k_affective&emotion=awe&sort=agreement_high", "group=students", "simulated=no", "word={common}",
    "word={rare}", "word={common}&said_with=fear", "word={common} {rare}", "word={start}*",
    "word={common}&source=coco_affective&emotion=awe&sort=mixed", "emotion=anger&agreement_min=1&source=coco_affective",
)  # fmt: skip
PAGE_MS, FILTER_MS, FIRST_VIEW_KB = 150, 200, 250


class Reader:
    """One connection with a researcher's session."""

    def __init__(self, site: Site, session: str) -> None:
        self.site, self.session = site, session
        self.connection = http.client.HTTPConnection("127.0.0.1", site.port, timeout=60)

    def get(self, address: str) -> tuple[float, bytes]:
        """Milliseconds until the whole answer was there, and the answer. Raises SystemExit for anything but 200."""
        begun = time.perf_counter()
        self.connection.request("GET", address, headers={"Cookie": f"sessionid={self.session}"})
        response = self.connection.getresponse()
        body = response.read()
        took = 1000 * (time.perf_counter() - begun)
        if response.status != 200:
            raise SystemExit(f"{address} answered {response.status}: {body[:300]!r}")
        return took, body


def quantile(numbers: list[float], share: float) -> float:
    ranked = sorted(numbers)
    return ranked[min(len(ranked) - 1, int(share * len(ranked)))]


def first_view(reader: Reader, address: str) -> dict[str, float]:
    """Kilobytes as a browser gets them: the page, style sheets, scripts and their imports gzipped; no photographs."""
    _, page = reader.get(address)
    text = page.decode()
    wanted = set(re.findall(r'(?:href|src)="(/static/[^"]+\.(?:css|js|svg))"', text))
    seen: set[str] = set()
    parts = 0
    while wanted - seen:
        one = sorted(wanted - seen)[0]
        seen.add(one)
        _, body = reader.get(one)
        parts += len(gzip.compress(body))
        if one.endswith(".js"):
            for name in re.findall(r'from\s*"\./([^"]+)"', body.decode()):
                wanted.add(one.rsplit("/", 1)[0] + "/" + name)
    return {"page_kb": len(page) / 1000, "page_gzipped_kb": len(gzip.compress(page)) / 1000, "files_kb": parts / 1000}


def alone(reader: Reader, address: str, times: int) -> list[float]:
    return [reader.get(address)[0] for _ in range(times)]


def together(site: Site, session: str, pages: list[str], given: argparse.Namespace) -> dict[str, list[float]]:
    """Everybody reads for the given seconds; what each page took."""
    took: dict[str, list[float]] = {page: [] for page in pages}
    until = time.monotonic() + given.seconds

    def read(number: int) -> None:
        draw = random.Random(number)
        reader = Reader(site, session)
        time.sleep(draw.random() * given.pause)
        while time.monotonic() < until:
            page = draw.choice(pages)
            took[page].append(reader.get(page)[0])
            time.sleep(draw.expovariate(1 / given.pause))

    threads = [threading.Thread(target=read, args=[number]) for number in range(given.readers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return took


def measure(given: argparse.Namespace) -> dict[str, Any]:
    share = 10 if given.short else 1
    with whole_site() as site:
        said = site.command(
            "-m", "bench.dashboard_study", "fill", *(str(n // share) for n in (STIMULI, RESPONSES, PEOPLE))
        )
        slug, session = said.split()
        print(f"filled {slug}", flush=True)
        counted = json.loads(site.command("-m", "bench.dashboard_study", "count", slug))
        print(f"counted in {counted} s", flush=True)
        reader = Reader(site, session)
        explorer = reader.get(f"/studies/{slug}/explorer")[1].decode()
        key = re.findall(r"/stimuli/([0-9a-f]{64})", explorer)[0]
        words = re.findall(r'<p dir="auto"[^>]*>([^<]+)</p>', reader.get(f"/studies/{slug}/stimuli/{key}")[1].decode())
        ranked = sorted({word for text in words for word in text.split()}, key=len)
        common, rare = min(ranked, key=len), max(ranked, key=len)
        pages = {name: address.format(slug=slug, key=key) for name, address in PAGES.items()}
        filters = [
            f"/studies/{slug}/explorer?" + one.format(common=common, rare=rare, start=common[:1]).replace(" ", "+")
            for one in FILTERS
        ]
        result: dict[str, Any] = {"machine": machine(), "counted_seconds": counted, "pages": {}, "filters": {}}
        for name, address in pages.items():
            alone(reader, address, 3)
            result["pages"][name] = {"alone_p95_ms": quantile(alone(reader, address, 20), 0.95)} | first_view(
                reader, address
            )
        for name, address in zip(FILTERS, filters, strict=True):
            alone(reader, address, 1)
            result["filters"][name or "none"] = statistics.median(alone(reader, address, 5))
        print(json.dumps(result, indent=1), flush=True)
        addresses = [*pages.values(), *(filters[place] for place in (1, 6, 11, 21, 25))]
        took = together(site, session, addresses, given)
        everything = [one for times in took.values() for one in times]
        result["together"] = {
            "readers": given.readers,
            "pause_seconds": given.pause,
            "requests": len(everything),
            "p50_ms": quantile(everything, 0.5),
            "p95_ms": quantile(everything, 0.95),
            "p95_ms_by_page": {
                address.replace(slug, "…").replace(key, "KEY"): quantile(times, 0.95)
                for address, times in took.items()
                if times
            },
        }
        result["load_after"] = machine()["load"]
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--short", action="store_true")
    parser.add_argument("--readers", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--pause", type=float, default=4)
    result = measure(parser.parse_args())
    print(json.dumps(result["together"], indent=1))
    print(f"load {result['machine']['load']} before, {result['load_after']} after")
    worst = max(result["filters"].values())
    heaviest = max(page["page_gzipped_kb"] + page["files_kb"] for page in result["pages"].values())
    for name, value, bar in (
        ("p95 of a page with everybody reading, ms", result["together"]["p95_ms"], PAGE_MS),
        ("slowest filter alone, ms", worst, FILTER_MS),
        ("heaviest first view, gzipped kB", heaviest, FIRST_VIEW_KB),
    ):
        print(f"{name}: {value:.0f} (bar {bar}) {'met' if value <= bar else 'MISSED'}")


if __name__ == "__main__":
    main()
