"""Responses per second, their times and their cost, through the real HTTP interface of the whole running product.

python -m bench.collect                              16 annotators, 5,000 stimuli wanting 6, 20 seconds
python -m bench.collect --seconds 60 --annotators 4 --stimuli 85000 --json
python -m bench.collect --rate 150 --grown --beside PEERS   and at a steady rate, in a large study, beside Label Studio

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
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from bench.affection_watch import memory_of_workers
from bench.http_client import Browser
from bench.machine import machine
from bench.peer_beside import label_studio_beside
from bench.site import WEB_THREADS, WEB_WORKERS, Site, cpu_of, hello_world, whole_site

WANTED = 6
LARGE_STIMULI, LARGE_RESPONSES = 85_007, 500_000
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


class Pace:
    """`rate` responses a second of `n_people` in turn, from when all of them have joined."""

    def __init__(self, rate: float, n_people: int) -> None:
        self.n_people, self.seconds_between = n_people, n_people / rate
        self.begun = 0.0
        self.everybody_is_here = threading.Event()
        self._barrier = threading.Barrier(n_people, action=self._begin, timeout=300.0)

    def _begin(self) -> None:
        self.begun = time.perf_counter()
        self.everybody_is_here.set()

    def wait_for_all(self) -> None:
        """Raises threading.BrokenBarrierError when somebody does not come."""
        self._barrier.wait()

    def due(self, who: int, number: int) -> float:
        """When the person's response of this number, from 0, shall be sent; by time.perf_counter."""
        return self.begun + (who / self.n_people + number) * self.seconds_between


def annotate(site: Site, slug: str, seed: int, stop: threading.Event, pace: Pace | None = None, who: int = 0) -> Tally:
    """Joins by the consent form and answers whatever is lent until told to stop.

    pace: answer as person `who` when it says, instead of at once; a response's time then begins when it was due, so
    that a server that is late is not spared the requests it kept from being sent.
    """
    dice, tally, browser = random.Random(seed), Tally(), Browser(site.port)
    held = join(browser, slug)["held"]
    number = 0
    if pace:
        pace.wait_for_all()
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
        if pace:
            if stop.wait(max(0.0, pace.due(who, number) - begun)):
                break
            begun = pace.due(who, number)
            number += 1
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
    person: Callable[[int, threading.Event], Tally],
    n_people: int,
    seconds: float,
    site: Site,
    everybody_is_here: threading.Event | None = None,
) -> Measured:
    """Everybody works from before the window until after it; only what ends inside it counts."""
    stop = threading.Event()
    tallies: list[Tally] = []

    def work(seed: int) -> None:
        try:
            tallies.append(person(seed, stop))
        except (OSError, ValueError, LookupError, SystemExit, threading.BrokenBarrierError) as error:
            tallies.append(Tally(errors=[f"{type(error).__name__}: {error}"]))

    threads = [threading.Thread(target=work, args=[seed]) for seed in range(n_people)]
    for thread in threads:
        thread.start()
    if everybody_is_here:
        everybody_is_here.wait(300.0)
    time.sleep(WARM_UP_SECONDS)
    begun, before, own_before = time.perf_counter(), cpu_of(site), time.process_time()
    time.sleep(seconds)
    ended, after, own_after = time.perf_counter(), cpu_of(site), time.process_time()
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
    cpu_ms = {name: 1000 * (after[name] - before[name]) / n for name in after}
    cpu_ms["client"] = 1000 * (own_after - own_before) / n
    times = {f"p{p}": 1000 * inside[min(len(inside) - 1, len(inside) * p // 100)] for p in (50, 95, 99) if inside}
    return Measured(len(inside), ended - begun, times, cpu_ms, tallies)


def work_for(
    site: Site, slug: str, n_people: int, seconds: float, seed: int, memory: dict[str, list[float]]
) -> Measured:
    """As many responses as the server can store."""
    with watching_memory(site, memory):
        return measure(lambda who, stop: annotate(site, slug, seed + who, stop), n_people, seconds, site)


def steady(site: Site, slug: str, rate: float, seconds: float, memory: dict[str, list[float]]) -> Measured:
    """`rate` responses a second, whatever the server does, of as many people: each answers once a second."""
    n_people = max(1, round(rate))
    pace = Pace(rate, n_people)

    def person(who: int, stop: threading.Event) -> Tally:
        return annotate(site, slug, 50_000 + who, stop, pace, who)

    with watching_memory(site, memory):
        return measure(person, n_people, seconds, site, pace.everybody_is_here)


@contextmanager
def watching_memory(site: Site, memory: dict[str, list[float]]) -> Iterator[None]:
    """Adds the resident MiB of every web worker to `memory`, every two seconds."""
    stop = threading.Event()

    def watch() -> None:
        while not stop.wait(2.0):
            for worker, (resident, _) in memory_of_workers(site.pids["web"]).items():
                memory.setdefault(worker, []).append(resident)

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def grown(site: Site, small: str, n_people: int, seconds: float, memory: dict[str, list[float]]) -> dict[str, Any]:
    """The cost of a response in a study of Affection's size beside that in the small one, in turns, twice each."""
    large = site.command("-m", "bench.study", "make", str(LARGE_STIMULI), str(2 * WANTED))
    site.command("-m", "bench.study", "fill", large, str(LARGE_RESPONSES))
    turns = [(slug, work_for(site, slug, n_people, seconds, 1_000 * turn, memory)) for turn in (1, 2)
             for slug in (small, large)]  # fmt: skip
    cost = {}
    for slug in (small, large):
        n = sum(one.n for name, one in turns if name == slug)
        spent = sum(one.n * (one.cpu_ms["web"] + one.cpu_ms["postgres"]) for name, one in turns if name == slug)
        cost[slug] = spent / max(n, 1)
    return {
        "stimuli": LARGE_STIMULI,
        "responses_before": LARGE_RESPONSES,
        "cpu_ms_small": cost[small],
        "cpu_ms_large": cost[large],
        "ratio": cost[large] / max(cost[small], 1e-9),
        "errors": [error for _, one in turns for tally in one.tallies for error in tally.errors],
        "keys": [key for name, one in turns if name == small for tally in one.tallies for key in tally.keys],
    }


def run(given: argparse.Namespace) -> dict[str, Any]:
    n_people, memory = given.annotators, dict[str, list[float]]()
    with hello_world() as floor:
        hello = measure(lambda who, stop: ask_hello(floor, who, stop), n_people, min(given.seconds, 8.0), floor)
    with whole_site() as site:
        slug = site.command("-m", "bench.study", "make", str(given.stimuli), str(WANTED))
        collected = work_for(site, slug, n_people, given.seconds, 0, memory)
        paced = steady(site, slug, given.rate, given.seconds, memory) if given.rate else None
        growth = grown(site, slug, n_people, max(5.0, given.seconds / 2), memory) if given.grown else None
        measured = [collected, *([paced] if paced else [])]
        keys = [key for one in measured for tally in one.tallies for key in tally.keys]
        keys += growth.pop("keys") if growth else []
        audit = json.loads(site.command("-m", "bench.study", "audit", slug, text="\n".join(keys)))
    peer = label_studio_beside(given.beside, n_people, given.stimuli, print) if given.beside else None
    if peer and "load" in peer:
        peer["times_as_many"] = collected.per_second / max(peer["load"]["ann_per_s"], 1e-9)
    cpu = collected.cpu_ms
    parts = {"web", "postgres", "postgres for jobs", "valkey", "client"}
    jobs = sum(ms for name, ms in cpu.items() if name not in parts)
    return {
        "machine": machine(),
        "setting": {
            "annotators": n_people,
            "stimuli": given.stimuli,
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
            "postgres for jobs": cpu["postgres for jobs"],
            "valkey": cpu["valkey"],
            "celery and beat": jobs,
            "client": cpu["client"],
        },
        "steady": paced
        and {
            "asked_per_second": given.rate,
            "responses_per_second": paced.per_second,
            "request_ms": paced.times_ms,
            "web + postgres": paced.cpu_ms["web"] + paced.cpu_ms["postgres"],
        },
        "grown": growth,
        "beside": peer,
        "worker_mib": {worker: [round(max(mib)), round(mib[0]), round(mib[-1])] for worker, mib in memory.items()},
        "errors": [error for one in (*measured, hello) for tally in one.tallies for error in tally.errors]
        + (growth["errors"] if growth else []),
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
        *_more_rows(result, times),
        ("audit", f"{audit['responses_stored']} stored, {audit['responses_acknowledged']} acknowledged"),
        ("most accepted of one stimulus", f"{audit['most_accepted_of_one_stimulus']} of {audit['wanted']}"),
        ("faults, errors", f"{audit['faults'] or 'none'}, {result['errors'] or 'none'}"),
    ]
    for name, value in rows:
        print(f"{name:<36}{value}")


def _more_rows(result: dict[str, Any], times: Callable[[dict[str, float]], str]) -> list[tuple[str, str]]:
    paced, growth, peer, rows = result["steady"], result["grown"], result["beside"], []
    if paced:
        name = f"steady {paced['asked_per_second']:.0f} responses/s"
        came = f"{paced['responses_per_second']:.0f}/s came, {paced['web + postgres']:.2f} ms CPU"
        rows.append((name, f"{times(paced['request_ms'])} ms (p50 / p95 / p99, from when each was due); {came}"))
    if growth:
        name = f"{growth['stimuli']:,} stimuli, {growth['responses_before']:,} responses"
        rows.append((name, f"{growth['cpu_ms_large']:.2f} ms CPU per response beside {growth['cpu_ms_small']:.2f} ms: "
                           f"{growth['ratio']:.2f} times"))  # fmt: skip
    if peer:
        rows.append(("beside", peer["sentence"]))
        if "times_as_many" in peer:
            rows.append(("responses/s beside Label Studio's", f"{peer['times_as_many']:.1f} times as many"))
    for worker, (most, first, last) in result["worker_mib"].items():
        rows.append((f"web worker {worker}, resident", f"{first} MiB at first, {last} at last, {most} at most"))
    return rows


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, prog="python -m bench.collect"
    )
    parser.add_argument("--seconds", type=float, default=20.0, help="length of the measured window")
    parser.add_argument("--annotators", type=int, default=16)
    parser.add_argument("--stimuli", type=int, default=5000)
    parser.add_argument("--rate", type=float, default=0.0, help="then also at this steady rate of responses/s")
    parser.add_argument(
        "--grown", action="store_true", help="then also in a study of 85,007 stimuli and 500,000 responses"
    )
    parser.add_argument(
        "--beside", type=Path, help="then also Label Studio, by the scripts in this folder (peer_beside.py)"
    )
    parser.add_argument("--json", action="store_true", help="print all figures as JSON")
    given = parser.parse_args()
    result = run(given)
    if given.json:
        print(json.dumps(result, indent=1))
    else:
        show(result)
    return 0 if is_sound(result) else 1


if __name__ == "__main__":
    raise SystemExit(main())
