"""Responses per second, their times and their cost, through the real HTTP interface of the whole running product.

python -m bench.collect                              16 annotators, 5,000 stimuli wanting 6, 20 seconds
python -m bench.collect --seconds 60 --annotators 4 --stimuli 85000 --json

One response is one request: the answer of a submit carries the next image. The client runs on the same cores as the
servers, so the processor time per response is the steadiest figure; requests per second depend on what else runs.
Beside it, in the same run: a Django hello-world on the same web server settings with the same client.
"""

import argparse
import json
import random
import re
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from bench.cpu import cpu_seconds
from bench.http_client import Browser
from bench.site import WEB_THREADS, WEB_WORKERS, Site, hello_world, whole_site

WANTED = 6
WARM_UP_SECONDS = 3.0
EMOTIONS = ["amusement", "awe", "contentment", "excitement", "anger", "disgust", "fear", "sadness", "something_else"]
TEXT = "the quiet lake under a wide evening sky reminds me of summer holidays with my family when nobody had to hurry"
WORDS = [
    *TEXT.split(),
    "old",
    "trees",
    "stood",
    "near",
    "our",
    "little",
    "wooden",
    "house",
    "until",
    "it",
    "was",
    "dark",
]


@dataclass
class Tally:
    """What one annotator saw. moments and seconds: one per acknowledged response, end of the request and its length."""

    keys: list[str] = field(default_factory=list)
    moments: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)


def annotate(site: Site, slug: str, seed: int, stop: threading.Event) -> Tally:
    """Joins by the consent form and answers whatever is lent until told to stop."""
    dice, tally, browser = random.Random(seed), Tally(), Browser(site.port)
    held = join(browser, slug)["held"]
    while held and not stop.is_set():
        key = str(uuid.UUID(int=dice.getrandbits(128), version=4))
        body = {
            "assignment": held[0]["id"],
            "client_key": key,
            "answers": {"emotion": dice.choice(EMOTIONS), "explanation": " ".join(dice.choices(WORDS, k=19))},
            "duration_ms": dice.randint(4_000, 40_000),
            "signals": {"focus_lost": 0, "hidden_ms": 0, "zoomed": 0},
            "device": "desktop",
            "theme": "light",
        }
        begun = time.perf_counter()
        answer = browser.post_json(f"/api/v1/studies/{slug}/responses", body)
        ended = time.perf_counter()
        if answer.status != 201:
            tally.errors.append(f"{answer.status}: {answer.body[:200].decode(errors='replace')}")
            break
        tally.keys.append(key)
        tally.moments.append(ended)
        tally.seconds.append(ended - begun)
        held = answer.json()["work"]["held"]
    browser.close()
    return tally


def join(browser: Browser, slug: str) -> Any:
    page = browser.get(f"/s/{slug}/").body.decode()
    found = re.search(r'name="consent_hash" value="([0-9a-f]{64})"', page)
    if found is None:
        raise SystemExit(f"The welcome page has no consent form:\n{page[:2000]}")
    form = {"csrfmiddlewaretoken": browser.cookies["csrftoken"], "consent_hash": found[1], "answer": "yes"}
    joined = browser.post_form(f"/s/{slug}/", urlencode(form))
    if joined.status != 302:
        raise SystemExit(f"The consent was answered with {joined.status}.")
    return browser.get(f"/api/v1/studies/{slug}/work").json()


def ask_hello(site: Site, seed: int, stop: threading.Event) -> Tally:
    tally, browser = Tally(), Browser(site.port)
    while not stop.is_set():
        begun = time.perf_counter()
        answer = browser.get("/")
        ended = time.perf_counter()
        if answer.status != 200:
            tally.errors.append(str(answer.status))
            break
        tally.moments.append(ended)
        tally.seconds.append(ended - begun)
    browser.close()
    return tally


@dataclass
class Measured:
    """n: requests that ended inside the window; cpu_ms: processor milliseconds per request, by part."""

    n: int
    window_seconds: float
    times_ms: dict[str, float]
    cpu_ms: dict[str, float]
    tallies: list[Tally]

    @property
    def per_second(self) -> float:
        return self.n / self.window_seconds


def measure(
    person: Callable[[int, threading.Event], Tally], n_people: int, seconds: float, pids: dict[str, int]
) -> Measured:
    """Everybody works from before the window until after it; only what ends inside it counts."""
    stop = threading.Event()
    tallies: list[Tally] = []

    def work(seed: int) -> None:
        try:
            tallies.append(person(seed, stop))
        except (OSError, ValueError, LookupError, SystemExit) as error:
            tallies.append(Tally(errors=[f"{type(error).__name__}: {error}"]))

    threads = [threading.Thread(target=work, args=[seed]) for seed in range(n_people)]
    for thread in threads:
        thread.start()
    time.sleep(WARM_UP_SECONDS)
    begun, before, own_before = time.perf_counter(), cpu_of(pids), time.process_time()
    time.sleep(seconds)
    ended, after, own_after = time.perf_counter(), cpu_of(pids), time.process_time()
    stop.set()
    for thread in threads:
        thread.join()
    inside = sorted(
        length
        for tally in tallies
        for moment, length in zip(tally.moments, tally.seconds, strict=True)
        if begun <= moment <= ended
    )
    n = max(len(inside), 1)
    cpu_ms = {name: 1000 * (after[name] - before[name]) / n for name in pids}
    cpu_ms["client"] = 1000 * (own_after - own_before) / n
    times = {f"p{p}": 1000 * inside[min(len(inside) - 1, len(inside) * p // 100)] for p in (50, 95, 99) if inside}
    return Measured(len(inside), ended - begun, times, cpu_ms, tallies)


def cpu_of(pids: dict[str, int]) -> dict[str, float]:
    return {name: cpu_seconds(pid) for name, pid in pids.items()}


def run(seconds: float, n_annotators: int, n_stimuli: int) -> dict[str, Any]:
    with hello_world() as floor:
        hello = measure(lambda seed, stop: ask_hello(floor, seed, stop), n_annotators, min(seconds, 8.0), floor.pids)
    with whole_site() as site:
        slug = site.command("-m", "bench.study", "make", str(n_stimuli), str(WANTED))
        collected = measure(lambda seed, stop: annotate(site, slug, seed, stop), n_annotators, seconds, site.pids)
        keys = "\n".join(key for tally in collected.tallies for key in tally.keys)
        audit = json.loads(site.command("-m", "bench.study", "audit", slug, text=keys))
    cpu = collected.cpu_ms
    jobs = sum(ms for name, ms in cpu.items() if name not in {"web", "postgres", "valkey", "client"})
    return {
        "setting": {
            "annotators": n_annotators,
            "stimuli": n_stimuli,
            "wanted": WANTED,
            "web": f"{WEB_WORKERS} gthread workers of {WEB_THREADS} threads",
        },
        "responses": collected.n,
        "responses_per_second": collected.per_second,
        "request_ms": collected.times_ms,
        "cpu_ms_per_response": {
            "web": cpu["web"],
            "postgres": cpu["postgres"],
            "web + postgres": cpu["web"] + cpu["postgres"],
            "valkey": cpu["valkey"],
            "celery and beat": jobs,
            "client": cpu["client"],
        },
        "errors": [error for one in (collected, hello) for tally in one.tallies for error in tally.errors],
        "people": len(collected.tallies),
        "audit": audit,
        "hello_world": {
            "requests_per_second": hello.per_second,
            "request_ms": hello.times_ms,
            "cpu_ms_per_request": hello.cpu_ms["web"],
            "client_cpu_ms_per_request": hello.cpu_ms["client"],
        },
        "cpu_of_a_response_in_hello_worlds": (cpu["web"] + cpu["postgres"]) / max(hello.cpu_ms["web"], 1e-9),
    }


def is_sound(result: dict[str, Any]) -> bool:
    audit = result["audit"]
    return (
        not result["errors"]
        and result["people"] == result["setting"]["annotators"]
        and not audit["faults"]
        and audit["most_accepted_of_one_stimulus"] <= audit["wanted"]
        and audit["responses_stored"] == audit["responses_acknowledged"]
        and not audit["acknowledged_but_not_stored_once"]
        and not audit["acknowledged_twice"]
    )


def show(result: dict[str, Any]) -> None:
    def times(one: dict[str, float]) -> str:
        return " / ".join(f"{one.get(name, 0):.1f}" for name in ("p50", "p95", "p99"))

    audit, floor, setting = result["audit"], result["hello_world"], result["setting"]
    rows = [
        ("annotators", f"{setting['annotators']}"),
        ("stimuli", f"{setting['stimuli']:,} wanting {setting['wanted']} responses each"),
        ("web server", setting["web"]),
        ("responses/s", f"{result['responses_per_second']:.0f} ({result['responses']} measured)"),
        ("request p50 / p95 / p99", f"{times(result['request_ms'])} ms (submit that returns the next image)"),
        *((f"CPU per response, {name}", f"{ms:.2f} ms") for name, ms in result["cpu_ms_per_response"].items()),
        (
            "hello-world requests/s",
            f"{floor['requests_per_second']:.0f} (Django, same web server settings, same client)",
        ),
        ("hello-world p50 / p95 / p99", f"{times(floor['request_ms'])} ms"),
        ("hello-world CPU per request", f"{floor['cpu_ms_per_request']:.2f} ms"),
        ("a response in hello-worlds", f"{result['cpu_of_a_response_in_hello_worlds']:.1f} (CPU, web + postgres)"),
        ("audit", f"{audit['responses_stored']} stored, {audit['responses_acknowledged']} acknowledged"),
        ("most accepted of one stimulus", f"{audit['most_accepted_of_one_stimulus']} of {audit['wanted']}"),
        ("faults, errors", f"{audit['faults'] or 'none'}, {result['errors'] or 'none'}"),
    ]
    for name, value in rows:
        print(f"{name:<34}{value}")


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, prog="python -m bench.collect"
    )
    parser.add_argument("--seconds", type=float, default=20.0, help="length of the measured window")
    parser.add_argument("--annotators", type=int, default=16)
    parser.add_argument("--stimuli", type=int, default=5000)
    parser.add_argument("--json", action="store_true", help="print all figures as JSON")
    given = parser.parse_args()
    result = run(given.seconds, given.annotators, given.stimuli)
    if given.json:
        print(json.dumps(result, indent=1))
    else:
        show(result)
    return 0 if is_sound(result) else 1


if __name__ == "__main__":
    raise SystemExit(main())
