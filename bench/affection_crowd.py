"""The crowd of a replayed Affection: when people come and go, and what they do over HTTP.

They make the requests that the pages make. Whatever is not answered is sent again with the same key until it is;
`Log` keeps what the server acknowledged, for the audit.
"""

import heapq
import json
import random
import re
import threading
import time
import uuid
from array import array
from base64 import urlsafe_b64decode
from collections import defaultdict
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from bench.affection_log import Log, Times, fingerprint
from bench.affection_people import ANSWERS_PER_SITTING, Habits, Person
from bench.collect import EMOTIONS
from bench.http_client import Answer, Browser
from bench.made_texts import MadeTexts

PAUSE_SECONDS = 0.2  # before a request is sent again
NOTHING_NOW_SECONDS = 2.0  # before somebody looks again who found every image in others' hands
PATIENCE_SECONDS = 180.0  # for one request, its repetitions included
SKIP_REASONS = ("The image does not load.", "It upsets me.", "I cannot decide.")


class Crowd:
    """Everybody's comings and goings, on `n_at_once` threads.

    The run is over when `target` accepted responses stand. away_seconds: mean length of an absence.
    rate: answers begun per second; None = everybody goes on as soon as she may.
    """

    def __init__(
        self,
        *,
        port: int,
        slug: str,
        target: int,
        quotas: list[int],
        log: Log,
        seed: int,
        away_seconds: float,
        rate: float | None = None,
        habits: Habits | None = None,
        say: Callable[[str], None] = print,
    ) -> None:
        self.port, self.slug, self.target, self.log, self.seed = port, slug, target, log, seed
        self.away_seconds, self.rate, self.habits, self.say = away_seconds, rate, habits or Habits(), say
        self.times = Times()
        self.n_saved = self.n_accepted = self.n_surplus = self.n_joined = self.n_extra_people = 0
        self.counts: dict[str, int] = defaultdict(int)
        self.errors: list[str] = []
        self.late_starts = array("f")  # ms behind the beat of an open loop
        self.texts = MadeTexts(seed)
        self._dice = random.Random(seed)
        self._new = [Person(i, quota, random.Random(f"{seed}/{i}")) for i, quota in enumerate(quotas)]
        self._dice.shuffle(self._new)
        for person in self._new:
            person.gives_up = person.dice.random() < self.habits.withdraws_everything
        self._n_people = len(quotas)
        self._away: list[tuple[float, int, Person]] = []  # a heap, as the next one
        self._waiting: list[tuple[float, int, Person]] = []  # with the page open, for images in others' hands
        self._n_busy = 0
        self._changed = threading.Condition()
        self._next_beat = 0.0
        self._stopped = False

    # coming and going

    def work(self, n_at_once: int) -> None:
        """Runs the whole study; returns when it is full, or when `stop` was called."""
        self._next_beat = time.perf_counter()
        threads = [threading.Thread(target=self._serve, daemon=True) for _ in range(n_at_once)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def stop(self) -> None:
        with self._changed:
            self._stopped = True
            self._changed.notify_all()

    @property
    def is_full(self) -> bool:
        return self.n_accepted >= self.target or self._stopped

    def _serve(self) -> None:
        while (person := self._next_person()) is not None:
            back_after = None
            browser = Browser(self.port, person.cookies)
            try:
                back_after = self._sit(person, browser)
            except Exception as error:  # whatever it was, it is told at the end and the run goes on
                self._fail(f"person {person.index}: {type(error).__name__}: {error}")
            finally:
                browser.close()
                with self._changed:
                    self._n_busy -= 1
                    if back_after is not None:
                        queue = self._waiting if person.waits else self._away
                        heapq.heappush(queue, (time.monotonic() + back_after, person.index, person))
                    self._changed.notify_all()

    def _next_person(self) -> Person | None:
        """Whoever is due back, or somebody new; None once the study is full and nobody is at work."""
        with self._changed:
            while True:
                now = time.monotonic()
                if self._stopped or (self.is_full and self._n_busy == 0):
                    return None
                if not self.is_full:
                    person = self._due(now)
                    if person is not None:
                        self._n_busy += 1
                        return person
                due = [queue[0][0] for queue in (self._away, self._waiting) if queue]
                self._changed.wait(min(1.0, max(0.01, min(due) - now)) if due else 1.0)

    def _due(self, now: float) -> Person | None:
        for queue in (self._away, self._waiting):
            if queue and queue[0][0] <= now:
                return heapq.heappop(queue)[2]
        if self._new:
            return self._new.pop()
        if self._away:
            # nobody new is left: those who are away are called back, so that the end does not wait for them
            return heapq.heappop(self._away)[2]
        if not self._waiting and self._n_busy < 4:
            # everybody has gone home and some images still want answers: a few more people are asked
            self.n_extra_people += 1
            self._n_people += 1
            return Person(self._n_people, 10**9, random.Random(f"{self.seed}/{self._n_people}"))
        return None

    def _absence(self, person: Person) -> float:
        return person.dice.expovariate(1 / self.away_seconds)

    # one sitting

    def _sit(self, person: Person, browser: Browser) -> float | None:
        """Opens the page and answers for a while. Returns after how many seconds she comes back; None = never."""
        dice, habits = person.dice, self.habits
        sitting = person.sitting()
        closed_over = person.on_screen
        person.on_screen = None
        if not person.cookies:
            self._join(browser)
        elif closed_over is not None:
            # the laptop is opened again: the page is still there, and so is what was on it
            work = self._answer(person, browser, closed_over)
            return self._goes_on(person, browser, work, sitting)
        if not person.waits:
            self._page(browser, "task page", f"/s/{self.slug}/task")
        person.waits = False
        work = self._ask(browser, "work", lambda: browser.get(f"/api/v1/studies/{self.slug}/work"), (200,)).json()
        if person.gives_up and person.given * 2 >= person.quota and person.given:
            return self._withdraw_everything(person, browser)
        if person.newest is not None and dice.random() < habits.withdraws * ANSWERS_PER_SITTING:
            self._withdraw_one(person, browser)
        return self._goes_on(person, browser, work, sitting)

    def _goes_on(self, person: Person, browser: Browser, work: dict[str, Any], sitting: int) -> float | None:
        dice, habits = person.dice, self.habits
        while person.given < person.quota and not self.is_full:
            if not work["held"]:
                person.waits = not work["finished"]
                return NOTHING_NOW_SECONDS if person.waits else None
            held = work["held"][0]
            if sitting <= 0:
                # now and then the lid is closed over an image, which is answered after the absence, perhaps too late
                person.on_screen = held if dice.random() < 0.3 else None
                return self._absence(person)
            if dice.random() < habits.skips:
                work = self._skip(person, browser, held)
                continue
            work = self._answer(person, browser, held)
            sitting -= 1
            if dice.random() < habits.revises:
                self._revise(person, browser)
        return None

    def _join(self, browser: Browser) -> None:
        """Reads the welcome page, agrees to its consent text, reads the instructions."""
        path = f"/s/{self.slug}/"
        page = self._ask(browser, "welcome page", lambda: browser.get(path), (200,)).body.decode()
        found = re.search(r'name="consent_hash" value="([0-9a-f]{64})"', page)
        if found is None:
            raise LookupError(f"the welcome page has no consent form: {page[:300]}")
        form = {"csrfmiddlewaretoken": browser.cookies["csrftoken"], "consent_hash": found[1], "answer": "yes"}
        self._ask(browser, "consent", lambda: browser.post_form(path, urlencode(form)), (302,))
        self._page(browser, "instructions page", f"/s/{self.slug}/instructions")
        with self._changed:
            self.n_joined += 1

    def _answer(self, person: Person, browser: Browser, held: dict[str, Any]) -> dict[str, Any]:
        dice = person.dice
        key = str(uuid.UUID(int=dice.getrandbits(128), version=4))
        answers = self._made_up(person)
        body = {
            "assignment": held["id"],
            "client_key": key,
            "answers": answers,
            "duration_ms": int(dice.lognormvariate(10.4, 0.5)),
            "signals": {"focus_lost": 0, "hidden_ms": 0, "zoomed": int(dice.random() < 0.1)},
            "device": ("desktop", "phone", "tablet")[person.index % 3],
            "theme": "light",
        }
        path = f"/api/v1/studies/{self.slug}/responses"
        self._beat()
        if dice.random() < self.habits.loses_connection:
            self._send_and_lose(browser, path, body)
        answer = self._ask(browser, "answer and next", lambda: browser.post_json(path, body), (200, 201))
        given = answer.json()
        self._acknowledged(person, key, given, answers)
        if dice.random() < self.habits.sends_twice:
            self._count("sent twice")
            again = self._ask(browser, "answer sent twice", lambda: browser.post_json(path, body), (200,)).json()
            if not again["repeated"] or again["response"]["id"] != given["response"]["id"]:
                self._fail(f"the second press of {key} made another answer")
        return dict(given["work"])

    def _acknowledged(self, person: Person, key: str, given: dict[str, Any], answers: dict[str, str]) -> None:
        status = given["status"]
        self.log.add("saved", key, status, fingerprint(answers))
        person.given += 1
        person.newest = (given["response"]["id"], key, status)
        with self._changed:
            self.n_saved += 1
            self.counts["repeated"] += given["repeated"]
            if status == "accepted":
                person.accepted += 1
                self.n_accepted += 1
            else:
                self.n_surplus += 1

    def _made_up(self, person: Person) -> dict[str, str]:
        dice = person.dice
        # everybody has a favourite; a third of her answers are that
        favourite = EMOTIONS[person.index % len(EMOTIONS)]
        emotion = favourite if dice.random() < 0.33 else dice.choice(EMOTIONS)
        return {"emotion": emotion, "explanation": self.texts.text(dice)}

    def _skip(self, person: Person, browser: Browser, held: dict[str, Any]) -> dict[str, Any]:
        body = {"assignment": held["id"], "reason": person.dice.choice(SKIP_REASONS)}
        path = f"/api/v1/studies/{self.slug}/skips"
        self._count("skipped")
        return dict(self._ask(browser, "skip", lambda: browser.post_json(path, body), (200,)).json()["work"])

    def _revise(self, person: Person, browser: Browser) -> None:
        if person.newest is None:
            return
        response_id, key, _ = person.newest
        answers = self._made_up(person)
        body = {"client_key": str(uuid.UUID(int=person.dice.getrandbits(128), version=4)), "answers": answers}
        path = f"/api/v1/studies/{self.slug}/responses/{response_id}"
        self._ask(browser, "revise", lambda: browser.send_json("PATCH", path, body), (200,))
        self.log.add("revised", key, "-", fingerprint(answers))
        self._count("revised")

    def _withdraw_one(self, person: Person, browser: Browser) -> None:
        if person.newest is None:
            return
        response_id, key, status = person.newest
        person.newest = None
        path = f"/api/v1/studies/{self.slug}/responses/{response_id}"
        self._ask(browser, "withdraw", lambda: browser.send_json("DELETE", path, {}), (200,))
        self.log.add("withdrawn", key)
        with self._changed:
            self.counts["withdrawn"] += 1
            if status == "accepted":
                person.accepted -= 1
                self.n_accepted -= 1

    def _withdraw_everything(self, person: Person, browser: Browser) -> None:
        path = f"/api/v1/studies/{self.slug}/withdrawal"
        # the second time, where the first one's answer was lost on the way, she takes no part any more: 403
        self._ask(browser, "withdraw everything", lambda: browser.post_json(path, {}), (200, 403))
        self.log.add("withdrew", str(person.index), browser_participation(browser))
        with self._changed:
            self.counts["withdrawn everything"] += 1
            self.counts["withdrawn"] += person.given
            self.n_accepted -= person.accepted

    # requests

    def _page(self, browser: Browser, kind: str, path: str) -> None:
        self._ask(browser, kind, lambda: browser.get(path), (200,))

    def _send_and_lose(self, browser: Browser, path: str, body: dict[str, Any]) -> None:
        """The request leaves, and the connection is gone before its answer is read."""
        self._count("connections lost")
        try:
            browser.post_json_and_hang_up(path, body)
        except OSError:
            browser.close()

    def _ask(self, browser: Browser, kind: str, send: Callable[[], Answer], welcome: tuple[int, ...]) -> Answer:
        """Sends until the server answers; 5xx and broken connections are tried again, as the page does."""
        begun = time.monotonic()
        while True:
            moment = time.perf_counter()
            try:
                answer = send()
            except (OSError, LookupError, ValueError) as error:
                browser.close()
                trouble = f"{type(error).__name__}: {error}"
            else:
                if answer.status in welcome:
                    self._timed(kind, moment)
                    return answer
                trouble = f"{answer.status}: {answer.body[:200].decode(errors='replace')}"
                if answer.status < 500:
                    raise ConnectionError(f"{kind} was answered with {trouble}")
            self._count("requests sent again")
            if time.monotonic() - begun > PATIENCE_SECONDS or self._stopped:
                raise ConnectionError(f"{kind} had no answer in {PATIENCE_SECONDS:.0f} s; last: {trouble}")
            time.sleep(PAUSE_SECONDS)

    def _timed(self, kind: str, begun: float) -> None:
        ms = 1000 * (time.perf_counter() - begun)
        self.times.by_kind[kind].append(ms)
        if kind == "answer and next":
            self.times.answers_by_tenth[min(9, 10 * self.n_accepted // self.target)].append(ms)

    def _beat(self) -> None:
        """In an open loop: waits for the next answer's moment, which does not wait for the server."""
        if self.rate is None:
            return
        with self._changed:
            mine = self._next_beat
            self._next_beat += 1 / self.rate
        behind = time.perf_counter() - mine
        if behind < 0:
            time.sleep(-behind)
        self.late_starts.append(1000 * max(0.0, behind))

    def _count(self, name: str) -> None:
        with self._changed:
            self.counts[name] += 1

    def _fail(self, sentence: str) -> None:
        with self._changed:
            if len(self.errors) < 100:
                self.errors.append(sentence)
            self.counts["errors"] += 1
        self.say(f"error: {sentence}")


def browser_participation(browser: Browser) -> str:
    """The signed cookie's text begins with the participation's id, in the open."""
    value = next(value for name, value in browser.cookies.items() if name.startswith("participation_"))
    text = value.strip('"').split(":")[0]
    return str(json.loads(urlsafe_b64decode(text + "=" * (-len(text) % 4))))
