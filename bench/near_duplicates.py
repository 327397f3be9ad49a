"""Measures the search for copied explanations: recall of planted copies, CPU per response, size of the tables.

usage: python -m launcher with-servers -- python -m bench.near_duplicates [--texts 526749] [--made words|grammar]

words: random words, the frequent ones as frequent as in a language (Zipf), in lengths as Affection's, with the phrases
that everybody uses ('it makes me feel') in most of them. grammar: the simulator's few sentences, so that hundreds of
texts are true near-duplicates of each other: harder than what people write.

The tables are filled directly, with the pairs that the product's functions would keep. Then the same function that
the product's job calls adds further explanations, and copies with 0 to 3 words substituted, inserted, deleted or moved.
"""

import argparse
import io
import json
import os
import random
import resource
import time
from collections.abc import Iterator
from dataclasses import dataclass

import django

from bench.made_texts import MadeTexts

SEED = 20261121
BATCH = 300  # as the job's
N_ADDED = 3_000
FIRST_TEXT = 1_000_000  # ids below are those of the responses that are added to empty tables
N_PEOPLE = 6_283
PEOPLE_PER_STIMULUS = 6
THINGS = (
    "dog", "cat", "horse", "lake", "river", "mountain", "forest", "beach", "sea", "harbour", "boat", "bridge",
    "road", "street", "market", "church", "castle", "tower", "house", "garden", "flower", "tree", "meadow", "field",
    "barn", "cow", "sheep", "lamb", "bird", "eagle", "owl", "snake", "spider", "bee", "butterfly", "fish", "shark",
    "child", "boy", "girl", "man", "woman", "couple", "crowd", "soldier", "dancer", "singer", "runner", "climber",
    "farmer", "fire", "smoke", "storm", "cloud", "sky", "sunset", "moon", "snow", "ice", "desert", "cave",
    "waterfall", "island", "train", "plane", "car", "bicycle", "wheel", "window", "door", "stairs", "table",
    "chair", "bread", "cake", "fruit", "wine", "knife", "gun", "needle", "wound", "skull", "grave", "cemetery",
    "rubbish", "rat", "cockroach", "painting", "statue", "mask", "old man", "white horse", "red door",
    "broken window", "stone wall", "wooden boat", "busy street", "empty room", "birthday cake", "city at night",
)  # fmt: skip


COLUMNS = {
    "annotation_explanationtext": "id, study_id, digest, words, n_words, signature, order_id",
    "annotation_explanationpair": "key, text_id, n_words, signature",
    "annotation_responsesignals": (
        "response_id, study_id, stimulus_id, participation_id, revision, label, text_id, signals, computed_at"
    ),
}


@dataclass(frozen=True)
class Planted:
    """A copy: of which loaded text, with how many changed words."""

    original: int
    n_changed: int
    text: str


Explanation = tuple[int, int, str]


def of_words(n: int) -> Iterator[Explanation]:
    """(stimulus, person, text): random words by Zipf's law among phrases that everybody uses."""
    draw, texts = random.Random(SEED), MadeTexts(SEED)
    for number in range(n):
        text = texts.text(draw)
        yield number // PEOPLE_PER_STIMULUS, draw.randrange(N_PEOPLE), text


def of_grammar(n: int) -> Iterator[Explanation]:
    """(stimulus, person, text) of a simulated crowd, in the order in which they are given."""
    from annotation.emotions import AFFECTION
    from annotation.simulator.crowd import Crowd
    from annotation.simulator.stimulus_facts import StimulusFacts

    crowd = Crowd(N_PEOPLE, SEED)
    draw = random.Random(SEED)
    for number in range(n):
        stimulus = number // PEOPLE_PER_STIMULUS
        words = random.Random(f"{SEED}/{stimulus}").sample(THINGS, 3)
        facts = StimulusFacts(key=f"{stimulus:064x}", description=f"A {words[0]} with a {words[1]} and a {words[2]}")
        person = draw.randrange(N_PEOPLE)
        text = crowd[person].react(facts, AFFECTION).explanation
        yield stimulus, person, text or f"i would rather not say much about the {words[0]} here today"


MADE = {"words": of_words, "grammar": of_grammar}


def plant(texts: list[str], n: int) -> list[Planted]:
    """Copies of random texts, with 0 to 3 changes each, as many as the guarantee covers for its length."""
    from annotation.quality.near_duplicates import FEWEST_WORDS, most_changes, words_of

    draw = random.Random(SEED + 1)
    planted: list[Planted] = []
    while len(planted) < n:
        original = draw.randrange(len(texts))
        words = words_of(texts[original])
        if len(words) < FEWEST_WORDS:
            continue
        n_changed = min(len(planted) % 4, most_changes(len(words)))
        for _ in range(n_changed):
            at = draw.randrange(len(words))
            strange = draw.choice(THINGS).split()[0] + draw.choice("xyz")
            act = draw.choice(("substitute", "insert", "delete", "move"))
            if act == "insert":
                words.insert(at, strange)
            elif act == "delete":
                del words[at]
            elif act == "move":
                words.insert(draw.randrange(len(words)), words.pop(at))
            else:
                words[at] = strange
        if len(words) < FEWEST_WORDS:
            continue  # too short to be a copy of anything
        planted.append(Planted(original, n_changed, " ".join(words).capitalize() + "."))
    return planted


class Clock:
    """Processor time of this process and of the whole database server, in milliseconds per response."""

    def __init__(self) -> None:
        from django.db import connection

        from bench.cpu import cpu_seconds

        with connection.cursor() as cursor:
            cursor.execute("select pg_backend_pid()")
            backend = int(cursor.fetchone()[0])
        with open(f"/proc/{backend}/stat") as stat:
            self.server = int(stat.read().rpartition(")")[2].split()[1])
        self.server_seconds = cpu_seconds
        self.start()

    def start(self) -> None:
        self.python, self.database, self.wall = time.process_time(), self.server_seconds(self.server), time.monotonic()

    def per_response(self, n: int) -> dict[str, float]:
        python = 1000 * (time.process_time() - self.python) / n
        database = 1000 * (self.server_seconds(self.server) - self.database) / n
        wall = 1000 * (time.monotonic() - self.wall) / n
        return {
            "python_ms": round(python, 2),
            "database_ms": round(database, 2),
            "cpu_ms": round(python + database, 2),
            "wall_ms": round(wall, 2),
        }


def add(study_id: int, rows: list[tuple[int, int, int, str]]) -> list[object]:
    """One batch, as the product's job does it: compare, then store whose text it is."""
    from django.db import transaction
    from django.utils import timezone

    from annotation.models import ResponseSignals
    from annotation.quality.explanation_index import Written, compare_and_add

    with transaction.atomic():
        copies = compare_and_add(study_id, [Written(response, person, text) for response, _, person, text in rows])
        now = timezone.now()
        ResponseSignals.objects.bulk_create(
            ResponseSignals(
                response_id=response, study_id=study_id, stimulus_id=stimulus, participation_id=person,
                text_id=found.text_id, copied_from_self_id=found.self_response,
                copied_from_other_id=found.other_response, computed_at=now,
                signals={"copied_from_self": found.from_self, "copied_from_other": found.from_other},
            )
            for (response, stimulus, person, _), found in zip(rows, copies, strict=True)
        )  # fmt: skip
    return list(copies)


def sizes() -> dict[str, str]:
    from django.db import connection

    found = {}
    with connection.cursor() as cursor:
        for table in ("annotation_explanationtext", "annotation_explanationpair", "annotation_responsesignals"):
            cursor.execute(
                f"select count(*), pg_size_pretty(pg_table_size('{table}')), pg_size_pretty(pg_indexes_size('{table}'))"
                f" from {table}"
            )
            rows, table_size, index_size = cursor.fetchone()
            found[table] = f"{rows:,} rows, {table_size}, indexes {index_size}"
    return found


def fill(study_id: int, made: list[Explanation]) -> None:
    """Stores texts, their pairs and whose they are, as adding them one after the other would have."""
    from django.db import connection

    from annotation.models import ExplanationOrder
    from annotation.quality.near_duplicates import digest_of, signature, words_of
    from annotation.quality.word_orders import count_texts, orders_of

    ids: dict[bytes, int] = {}
    rows: dict[str, io.StringIO] = {table: io.StringIO() for table in COLUMNS}

    def flush() -> None:
        with connection.cursor() as cursor:
            for table, columns in COLUMNS.items():
                rows[table].seek(0)
                cursor.copy_expert(f"copy {table} ({columns}) from stdin", rows[table])
                rows[table] = io.StringIO()

    order, room = orders_of(study_id)[-1], 0
    for number, (stimulus, person, text) in enumerate(made, 1):
        words = words_of(text)
        digest = digest_of(words)
        if digest not in ids:
            if not room:
                flush()
                order = orders_of(study_id)[-1]
                room = n_texts_under(ExplanationOrder.objects.get(pk=order.id).number)
                count_texts(order.id, room)
            room -= 1
            ids[digest] = FIRST_TEXT + len(ids)
            bits = signature(words)
            rows["annotation_explanationtext"].write(
                f"{ids[digest]}\t{study_id}\t\\\\x{digest.hex()}\t{' '.join(words)}\t{len(words)}\t{bits}\t{order.id}\n"
            )
            for key in order.pairs(words):
                rows["annotation_explanationpair"].write(f"{key}\t{ids[digest]}\t{len(words)}\t{bits}\n")
        rows["annotation_responsesignals"].write(
            f"{number}\t{study_id}\t{stimulus}\t{person + 1}\t0\t\t{ids[digest]}\t{{}}\tnow\n"
        )
    flush()
    ExplanationOrder.objects.filter(pk=order.id).update(n_texts=n_texts_under(len(orders_of(study_id)) - 1) - room)
    with connection.cursor() as cursor:
        for table in COLUMNS:
            cursor.execute(f"vacuum analyze {table}")
        cursor.execute(
            "select setval(pg_get_serial_sequence('annotation_explanationtext', 'id'), %s)", [FIRST_TEXT + len(ids)]
        )


def n_texts_under(number: int) -> int:
    """How many texts lie under the study's order of this number before the next is made."""
    from annotation.quality.word_orders import FIRST, GROWTH

    return int(FIRST * GROWTH**number)


def add_all(study_id: int, made: list[Explanation], first: int, clock: Clock) -> tuple[list[object], dict[str, float]]:
    """Adds explanations in the product's batches; what was found, and the cost per response."""
    rows = [(first + n, stimulus, person + 1, text) for n, (stimulus, person, text) in enumerate(made)]
    clock.start()
    found = [copies for start in range(0, len(rows), BATCH) for copies in add(study_id, rows[start : start + BATCH])]
    return found, clock.per_response(len(rows))


def measure(n_texts: int, n_copies: int, how: str) -> dict[str, object]:
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    clock = Clock()
    made = list(MADE[how](n_texts + N_ADDED))
    texts = [text for _, _, text in made]
    _, cost_at_first = add_all(2, made[:N_ADDED], 10**9, clock)
    fill(1, made[:n_texts])
    added, cost = add_all(1, made[n_texts:], n_texts + 1, clock)
    planted = plant(texts, n_copies)
    # each copy by a person of her own, so that every text before is another person's
    copies = [(0, N_PEOPLE + n, copy.text) for n, copy in enumerate(planted)]
    found, cost_of_copies = add_all(1, copies, n_texts + N_ADDED + 1, clock)
    recall = {n: [0, 0] for n in range(4)}
    missed = []
    for copy, one in zip(planted, found, strict=True):
        recall[copy.n_changed][1] += 1
        if one.from_other:  # type: ignore[attr-defined]
            recall[copy.n_changed][0] += 1
        else:
            missed.append((texts[copy.original], copy.text))
    return {
        "made": how,
        "texts": n_texts,
        "mean_words": round(sum(len(text.split()) for text in texts) / len(texts), 1),
        f"per_response_of_the_first_{N_ADDED}": cost_at_first,
        f"per_response_of_{N_ADDED}_more": cost,
        "per_planted_copy": cost_of_copies,
        "near_another_persons_by_chance": sum(bool(one.from_other) for one in added),  # type: ignore[attr-defined]
        "notable_by_chance": sum((one.from_other or 0) >= 0.8 for one in added),  # type: ignore[attr-defined]
        "found_of_planted_by_changed_words": {n: f"{hits} of {all_}" for n, (hits, all_) in recall.items()},
        "missed": missed[:5],
        "tables": sizes(),
        "memory_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--texts", type=int, default=526_749)
    parser.add_argument("--copies", type=int, default=2_000)
    parser.add_argument("--made", choices=list(MADE), default="words")
    options = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    print(json.dumps(measure(options.texts, options.copies, options.made), indent=2))
