"""The whole of Affection, replayed: 85,007 stimuli, 6,283 simulated annotators, 526,749 responses, through HTTP only.

bench/affection                           the full size: an hour on two cores
bench/affection --short                   5,000 stimuli, 358 annotators, 30,000 responses: minutes
bench/affection --short --restarts 5      PostgreSQL is killed five times meanwhile
bench/affection --short --bad-network     one request in twenty is dropped, delayed or doubled
bench/affection --rate 150                150 answers are begun per second, whether the server keeps up or not
bench/affection --short --beside FOLDER   Label Studio afterwards, in the same run (bench/peer_beside.py)

The product runs as `make up` starts it, with two web workers, Celery and the statistics, in a temporary folder. Every
stimulus wants its exact number of responses: 526,749 = 85,007 x 6 + 16,707, so 16,707 stimuli want 7 and the others 6.
People agree to the consent, read the instructions, answer, skip, revise, withdraw, go away and come back; the number of
answers per person follows a power law with Affection's mean of 83.8. Whoever stays away for longer than a lease finds
her image lent again; her late answer takes a free slot or is kept as surplus.

Everything is written to --out while it runs: progress.log, samples.jsonl, acknowledged.log, result.json.
"""

import argparse
import json
import os
import signal
import threading
import time
from contextlib import ExitStack
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

from bench.affection_audit import is_empty
from bench.affection_crowd import Crowd
from bench.affection_log import Log, Times
from bench.affection_people import answers_per_person
from bench.affection_watch import Sample, Watch
from bench.bad_network import BadNetwork
from bench.machine import machine
from bench.peer_beside import label_studio_beside
from bench.site import WEB_THREADS, WEB_WORKERS, whole_site

STIMULI, PEOPLE, RESPONSES = 85_007, 6_283, 526_749  # Affection, sec. 3
SHORT_STIMULI, SHORT_RESPONSES = 5_000, 30_000
SERVERS = ("web", "postgres")
CATCH_UP_SECONDS = 120.0
BACK_SECONDS = 90.0
STUCK_SECONDS = 300.0


class Replay:
    """One run: makes the study, lets the crowd work, restarts the database if asked to, audits."""

    def __init__(self, given: argparse.Namespace, out: Path) -> None:
        self.given, self.out = given, out
        self.begun = time.monotonic()
        self.restarts: list[dict[str, Any]] = []

    def say(self, line: str) -> None:
        told = f"{datetime.now(UTC):%H:%M:%S}  {line}"
        print(told, flush=True)
        with (self.out / "progress.log").open("a") as file:
            file.write(told + "\n")

    def run(self) -> dict[str, Any]:
        given = self.given
        wanted, more = divmod(given.responses, given.stimuli)
        before = machine()
        self.say(f"starting the site; results come into {self.out}")
        with ExitStack() as stack:
            site = stack.enter_context(whole_site())
            slug = site.command(
                "-m", "bench.study", "make", str(given.stimuli), str(wanted), str(more), str(given.lease)
            )
            self.say(f"{given.stimuli:,} stimuli are made; {more:,} want {wanted + 1} responses, the others {wanted}")
            network = stack.enter_context(BadNetwork(site.port, seed=given.seed)) if given.bad_network else None
            log = Log(self.out / "acknowledged.log")
            quotas = answers_per_person(
                given.people, round(given.responses * 1.02), max(20, min(5_000, given.stimuli // 4))
            )
            crowd = Crowd(
                port=network.port if network else site.port,
                slug=slug,
                target=given.responses,
                quotas=quotas,
                log=log,
                seed=given.seed,
                away_seconds=given.lease / 3,
                rate=given.rate,
                say=self.say,
            )
            watch = Watch(
                Path(site.environment["COMMONGROUND_DATA"]),
                site.environment["DATABASE_URL"],
                self.out / "samples.jsonl",
                given.sample_every,
                lambda: (crowd.n_accepted, crowd.n_saved),
            )
            watch.start()
            reporter = threading.Thread(target=self._report, args=[crowd, watch], daemon=True)
            reporter.start()
            if given.restarts:
                threading.Thread(target=self._restart, args=[crowd, watch], daemon=True).start()
            begun = time.monotonic()
            crowd.work(given.annotators_at_once)
            seconds = time.monotonic() - begun
            watch.stop()
            log.close()
            self.say(f"{crowd.n_saved:,} answers were acknowledged in {seconds:,.0f} s; waiting for the statistics")
            caught_up = self._catch_up(watch)
            findings = json.loads(
                site.command("-m", "bench.affection_audit", slug, str((self.out / "acknowledged.log").resolve()))
            )
            result = self.result(crowd, watch, seconds)
            result["machine"] = before
            result["bad_network"] = {"requests": network.n_requests, **network.happened} if network else None
            result["statistics_caught_up_after_seconds"] = caught_up
            result["audit"] = findings
            result["audit_is_empty"] = is_empty(findings)
        result["beside"] = label_studio_beside(given.beside, given.annotators_at_once, given.stimuli, self.say)
        self.write(result)
        return result

    def result(self, crowd: Crowd, watch: Watch, seconds: float) -> dict[str, Any]:
        given, samples = self.given, watch.samples
        last = samples[-1]
        n = max(last.n_saved, 1)
        wanted, more = divmod(given.responses, given.stimuli)
        tenths = by_tenth(samples, given.responses, crowd.times)
        workers = workers_over_time(samples)
        lags = sorted(sample.lag_seconds for sample in samples if sample.lag_seconds is not None)
        per_response = {name: round(1000 * spent / n, 3) for name, spent in last.cpu.items()}
        per_response["client"] = round(1000 * last.client_cpu / n, 3)
        return {
            "setting": {
                "stimuli": given.stimuli,
                "wanted": {str(wanted): given.stimuli - more, **({str(wanted + 1): more} if more else {})},
                "responses": given.responses,
                "people": given.people,
                "at_once": given.annotators_at_once,
                "loop": f"open, {given.rate:g}/s" if given.rate else "closed",
                "lease_seconds": given.lease,
                "seed": given.seed,
                "restarts": given.restarts,
                "web": f"{WEB_WORKERS} gthread workers of {WEB_THREADS} threads",
                "habits": vars(crowd.habits),
            },
            "accepted": crowd.n_accepted,
            "acknowledged": crowd.n_saved,
            "surplus": crowd.n_surplus,
            "people": {"joined": crowd.n_joined, "asked_in_the_end": crowd.n_extra_people},
            "acts": dict(crowd.counts),
            "seconds": round(seconds, 1),
            "responses_per_second": round(crowd.n_saved / seconds, 1),
            "last_percent_seconds": last_percent_seconds(samples, given.responses),
            "request_ms": {kind: Times.percentiles(times) for kind, times in sorted(crowd.times.by_kind.items())},
            "late_starts_ms": Times.percentiles(crowd.late_starts) if given.rate else None,
            "cpu_ms_per_response": per_response,
            "server_and_database_cpu_ms_per_response": round(sum(per_response.get(name, 0) for name in SERVERS), 3),
            "others_cpu_share": others_cpu_share(samples),
            "tenths": tenths,
            "last_tenth_against_first": against(tenths),
            "web_workers_mib": workers,
            "client_mib": max(sample.client_mib for sample in samples),
            "queue_lag_seconds": {
                "p50": lags[len(lags) // 2] if lags else None,
                "p95": lags[len(lags) * 95 // 100] if lags else None,
                "most": lags[-1] if lags else None,
                "most_waiting": max((sample.n_waiting or 0 for sample in samples), default=0),
            },
            "restarts": self.restarts,
            "errors": crowd.errors,
        }

    def write(self, result: dict[str, Any]) -> None:
        making = self.out / "result.json.making"
        making.write_text(json.dumps(result, indent=1) + "\n")
        making.replace(self.out / "result.json")

    def _report(self, crowd: Crowd, watch: Watch) -> None:
        """A line now and then, and what is known so far, so that a run that is cut short has not been for nothing."""
        told, before, moment = 0, 0, time.monotonic()
        most, grew = 0, moment
        while not crowd.is_full:
            time.sleep(1)
            now = time.monotonic()
            if crowd.n_saved > most:
                most, grew = crowd.n_saved, now
            elif now - grew > STUCK_SECONDS:
                crowd.errors.append(f"No answer was acknowledged for {STUCK_SECONDS:.0f} s; the run was ended.")
                crowd.stop()
                return
            if now - moment < self.given.report_every:
                continue
            sample = watch.samples[-1]
            pace = (crowd.n_saved - before) / (now - moment)
            memory = max((sizes[0] for sizes in sample.workers.values()), default=0)
            self.say(
                f"{crowd.n_accepted:,} of {self.given.responses:,} accepted, {pace:.0f}/s, {crowd.n_joined:,} people, "
                f"largest web worker {memory:.0f} MiB, statistics {sample.lag_seconds} s behind, "
                f"{crowd.counts['requests sent again']} requests sent again, {crowd.counts['errors']} errors"
            )
            crowd.log.flush()
            before, moment = crowd.n_saved, now
            tenth = 10 * crowd.n_accepted // self.given.responses
            if tenth > told:
                told = tenth
                self.write({"unfinished": True, **self.result(crowd, watch, now - self.begun)})

    def _restart(self, crowd: Crowd, watch: Watch) -> None:
        """Kills PostgreSQL at even distances: an immediate shutdown and a kill -9 in turn. The launcher starts it."""
        n = self.given.restarts
        for number in range(1, n + 1):
            while crowd.n_accepted < self.given.responses * number / (n + 1):
                if crowd.is_full:
                    return
                time.sleep(0.1)
            pid = watch.pids()["postgres"]
            how = (signal.SIGQUIT, signal.SIGKILL)[number % 2]
            os.kill(pid, how)
            begun, saved = time.monotonic(), crowd.n_saved
            while watch.pids().get("postgres") in (pid, None) or crowd.n_saved <= saved + 20:
                if time.monotonic() - begun > BACK_SECONDS:
                    crowd.errors.append(f"PostgreSQL was not back {BACK_SECONDS:.0f} s after {how.name}")
                    crowd.stop()
                    return
                time.sleep(0.05)
            away = round(time.monotonic() - begun, 2)
            self.restarts.append({"at": saved, "signal": how.name, "seconds_until_answers_again": away})
            self.say(f"PostgreSQL was killed ({how.name}) at {saved:,} answers; people went on after {away} s")

    def _catch_up(self, watch: Watch) -> float | None:
        """Seconds until the statistics have seen everything; None = not within two minutes."""
        begun = time.monotonic()
        while time.monotonic() - begun < CATCH_UP_SECONDS:
            if watch.lag()[1] == 0:
                return round(time.monotonic() - begun, 1)
            time.sleep(0.2)
        return None


def by_tenth(samples: list[Sample], n_responses: int, times: Times) -> list[dict[str, Any]]:
    """Pace, cost and times of each tenth of the accepted responses, as far as the run has come."""
    edges = [samples[0]]
    for tenth in range(1, 11):
        reached = [sample for sample in samples if sample.n_accepted >= n_responses * tenth / 10]
        if not reached:
            break
        edges.append(reached[0])
    rows = []
    for place, (begin, end) in enumerate(pairwise(edges)):
        n = max(end.n_saved - begin.n_saved, 1)
        cpu = {name: 1000 * (end.cpu.get(name, 0) - begin.cpu.get(name, 0)) / n for name in end.cpu}
        rows.append(
            {
                "tenth": place + 1,
                "responses_per_second": round(n / max(end.seconds - begin.seconds, 1e-9), 1),
                "request_ms": Times.percentiles(times.answers_by_tenth[place]),
                "web_cpu_ms": round(cpu.get("web", 0), 3),
                "postgres_cpu_ms": round(cpu.get("postgres", 0), 3),
                "jobs_cpu_ms": round(sum(ms for name, ms in cpu.items() if name not in {*SERVERS, "valkey"}), 3),
                "largest_worker_mib": max((sizes[0] for sizes in end.workers.values()), default=0),
            }
        )
    return rows


def against(tenths: list[dict[str, Any]]) -> dict[str, float] | None:
    """The last tenth divided by the first: of the pace, and of web and database CPU per response."""
    if len(tenths) < 2:
        return None
    first, last = tenths[0], tenths[-1]
    cpu = [row["web_cpu_ms"] + row["postgres_cpu_ms"] for row in (first, last)]
    return {
        "pace": round(last["responses_per_second"] / max(first["responses_per_second"], 1e-9), 3),
        "cpu_per_response": round(cpu[1] / max(cpu[0], 1e-9), 3),
    }


def workers_over_time(samples: list[Sample]) -> dict[str, Any]:
    """Resident MiB of each web worker by process id: at twenty moments, and the most. Proportional beside it."""
    pids = sorted({pid for sample in samples for pid in sample.workers}, key=int)
    chosen = samples[:: max(1, len(samples) // 20)]
    return {
        pid: {
            "most_resident": max(sample.workers[pid][0] for sample in samples if pid in sample.workers),
            "most_proportional": max(sample.workers[pid][1] for sample in samples if pid in sample.workers),
            "over_time": [[sample.seconds, *sample.workers[pid]] for sample in chosen if pid in sample.workers],
        }
        for pid in pids
    }


def last_percent_seconds(samples: list[Sample], n_responses: int) -> float | None:
    """How long the last hundredth took: images in the hands of people who went away wait for their leases to end."""
    reached = [sample for sample in samples if sample.n_accepted >= 0.99 * n_responses]
    return round(samples[-1].seconds - reached[0].seconds, 1) if reached else None


def others_cpu_share(samples: list[Sample]) -> float:
    """Share of the processor time used while we measured that went to processes other than the site and the client."""
    last = samples[-1]
    ours = sum(last.cpu.values()) + last.client_cpu
    return round(max(0.0, 1 - ours / max(last.machine_cpu, 1e-9)), 3)


def is_sound(result: dict[str, Any]) -> bool:
    return bool(
        result["audit_is_empty"]
        and result["accepted"] == result["setting"]["responses"]
        and not result["errors"]
        and len(result["restarts"]) == result["setting"]["restarts"]
    )


def show(result: dict[str, Any]) -> None:
    def times(one: dict[str, float]) -> str:
        return " / ".join(f"{one.get(name, 0):,.1f}" for name in ("p50", "p95", "p99"))

    setting, audit, cpu = result["setting"], result["audit"], result["cpu_ms_per_response"]
    jobs = sum(ms for name, ms in cpu.items() if name not in {*SERVERS, "valkey", "client"})
    lag, people, change = result["queue_lag_seconds"], result["people"], result["last_tenth_against_first"] or {}
    wanted = ", ".join(f"{n:,} want {number}" for number, n in setting["wanted"].items())
    rows = [
        ("stimuli", f"{setting['stimuli']:,}: {wanted}"),
        ("people", f"{people['joined']:,} joined, {people['asked_in_the_end']} of them asked in the end"),
        ("at once, loop, web server", f"{setting['at_once']}, {setting['loop']}, {setting['web']}"),
        ("responses", f"{result['accepted']:,} accepted, {result['surplus']:,} surplus, in {result['seconds']:,.0f} s"),
        ("acts", ", ".join(f"{name} {n:,}" for name, n in sorted(result["acts"].items()))),
        ("responses/s", f"{result['responses_per_second']:.0f}; last / first tenth: {change.get('pace')}"),
        ("last hundredth", f"{result['last_percent_seconds']} s (images held by people who went away)"),
        *((f"{kind}, ms", f"{times(one)} ({one['n']:,})") for kind, one in result["request_ms"].items() if one),
        ("CPU per response, web", f"{cpu.get('web', 0):.2f} ms"),
        ("CPU per response, PostgreSQL", f"{cpu.get('postgres', 0):.2f} ms"),
        ("CPU per response, both", f"{result['server_and_database_cpu_ms_per_response']:.2f} ms; "
                                   f"last tenth / first: {change.get('cpu_per_response')}"),
        ("CPU per response, jobs", f"{jobs:.2f} ms"),
        ("CPU per response, client", f"{cpu['client']:.2f} ms, {result['client_mib']:.0f} MiB"),
        ("CPU of the machine that others used", f"{100 * result['others_cpu_share']:.0f} %"),
        ("web workers, most MiB", ", ".join(
            f"{one['most_resident']:.0f} (proportional {one['most_proportional']:.0f})"
            for one in result["web_workers_mib"].values())),
        ("statistics behind by", f"{lag['p50']} s p50, {lag['p95']} s p95, {lag['most']} s at most; "
                                 f"all seen {result['statistics_caught_up_after_seconds']} s after the end"),
        *([("PostgreSQL killed", f"{len(result['restarts'])} times: " + ", ".join(
            f"{one['signal']} {one['seconds_until_answers_again']} s" for one in result["restarts"]))]
          if result["restarts"] else []),
        *([("bad network", ", ".join(f"{name} {n:,}" for name, n in result["bad_network"].items()))]
          if result["bad_network"] else []),
        ("audit: responses per stimulus", ", ".join(f"{n:,} have {name}" for name, n in audit["stimuli"].items())),
        ("audit: acknowledged, stored", f"{audit['acknowledged']:,}; "
            + ", ".join(f"{status} {n:,}" for status, n in audit["stored"].items())),
        ("audit: differences, faults", f"{audit['differences'] or 'none'}, {audit['faults'] or 'none'}"),
        ("audit", "empty" if result["audit_is_empty"] else "NOT EMPTY"),
        ("errors", f"{result['errors'][:5] or 'none'}"),
        ("beside", str(result["beside"].get("sentence", ""))),
    ]  # fmt: skip
    for name, value in rows:
        print(f"{name:<38}{value}")
    print("\ntenth  responses/s  p50 / p95 / p99 ms        web ms  database ms  jobs ms  worker MiB")
    for row in result["tenths"]:
        print(
            f"{row['tenth']:>5}  {row['responses_per_second']:>11,.0f}  {times(row['request_ms']):<24}"
            f"  {row['web_cpu_ms']:>6.2f}  {row['postgres_cpu_ms']:>11.2f}  {row['jobs_cpu_ms']:>7.2f}"
            f"  {row['largest_worker_mib']:>10.0f}"
        )


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, prog="bench/affection"
    )
    add = parser.add_argument
    add("--short", action="store_true", help="5,000 stimuli and 30,000 responses, with as many people as that needs")
    add("--stimuli", type=int, help="another number of stimuli")
    add("--responses", type=int, help="another number of responses")
    add("--people", type=int, help="another number of people (default: 83.8 responses each, as in Affection)")
    add("--annotators-at-once", type=int, default=16, help="how many are at work at the same moment (default 16)")
    add("--rate", type=float, help="open loop: begin so many answers per second; needs enough people at once")
    add("--restarts", type=int, default=0, help="kill PostgreSQL so many times meanwhile")
    add("--bad-network", action="store_true", help="drop, delay or double one request in twenty")
    add("--beside", type=Path, help="folder with the scripts that run Label Studio; see bench/peer_beside.py")
    add("--seed", type=int, default=20261121)
    add("--lease", type=int, help="seconds an image is held for a person (default 120; 30 with --short)")
    add("--out", type=Path, help="folder for results (default var/bench/affection-<time>)")
    given = parser.parse_args()
    given.stimuli = given.stimuli or (SHORT_STIMULI if given.short else STIMULI)
    given.responses = given.responses or (SHORT_RESPONSES if given.short else RESPONSES)
    given.people = given.people or max(1, round(given.responses * PEOPLE / RESPONSES))
    given.lease = given.lease or (30 if given.short else 120)
    is_long = given.responses > 200_000
    given.sample_every, given.report_every = (10.0, 30.0) if is_long else (2.0, 10.0)
    if given.responses < given.stimuli:
        parser.error("There must be at least one response per stimulus.")
    if given.people <= divmod(given.responses, given.stimuli)[0] + 1:
        parser.error("There must be more people than responses per stimulus, since nobody answers a stimulus twice.")
    return given


def _end(number: int, frame: object) -> None:
    """Leaves through every `finally`, so that the site ends with us."""
    raise SystemExit(f"Ended by {signal.Signals(number).name}; what was found so far lies in the folder of results.")


def main() -> int:
    given = options()
    out = given.out or Path("var", "bench", f"affection-{datetime.now(UTC):%Y%m%d-%H%M%S}")
    out.mkdir(parents=True, exist_ok=True)
    for asked in (signal.SIGTERM, signal.SIGINT):  # also where a shell started us with SIGINT ignored
        signal.signal(asked, _end)
    result = Replay(given, out).run()
    show(result)
    print(f"\nAll figures: {out / 'result.json'}")
    return 0 if is_sound(result) else 1


if __name__ == "__main__":
    raise SystemExit(main())
