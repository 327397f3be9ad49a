"""A study of Affection's size, written straight into the tables beside a running site: for measuring pages.

usage: python -m bench.dashboard_study fill STIMULI RESPONSES PEOPLE   prints "SLUG SESSION", the session a researcher's
       python -m bench.dashboard_study count SLUG                      prints the seconds of each step as JSON

The responses are those of bench/crowd_table.py; explanations are drawn from a made-up vocabulary whose words are as
unevenly common as those of a language (Zipf), some of them leaning to a label; images come from Affection's sources.
"""

import hashlib
import io
import json
import os
import random
import sys
import time

import django
import numpy as np

from bench.crowd_table import crowd_table

#: Affection, supplement, sec. 1: images per source
SOURCES = {
    "coco_affective": 22_766,
    "visual_genome_affective": 16_634,
    "flickr30k_affective": 13_196,
    "you_aaai_affective": 21_808,
    "emotional_machines_affective": 10_603,
}
COHORTS = ("panel", "students", "invited", "")
N_WORDS, WORDS_PER_TEXT = 12_000, 13
SEED = 20261121

_INTO_TABLES = """
    with stimuli as (
      select id, row_number() over (order by id) - 1 as number from annotation_stimulus where study_id = %(study)s
    ), people as (
      select id, row_number() over (order by id) - 1 as number from annotation_participation where study_id = %(study)s
    ), lent as (
      insert into annotation_assignment
        (study_id, stimulus_id, participation_id, state, sequence, leased_at, expires_at, skip_reason)
      select %(study)s, s.id, p.id, 'answered', 1, now(), now(), ''
      from filled f join stimuli s on s.number = f.stimulus join people p on p.number = f.person
      returning id, stimulus_id, participation_id
    )
    insert into annotation_response
      (assignment_id, study_id, stimulus_id, participation_id, client_key, status, answers, label, options_shown,
       sequence, signals, language, device, theme, consent_hash, is_simulated, revision, created_at, updated_at)
    select l.id, %(study)s, l.stimulus_id, l.participation_id, gen_random_uuid(), 'accepted',
      jsonb_build_object('emotion', f.label, 'explanation', f.text), f.label, '{}', 1, '{}', 'en', '', '', '', true, 0,
      f.at, f.at
    from lent l
    join stimuli s on s.id = l.stimulus_id join people p on p.id = l.participation_id
    join filled f on f.stimulus = s.number and f.person = p.number
"""


def fill(n_stimuli: int, n_responses: int, n_people: int) -> None:
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.auth.models import User
    from django.contrib.sessions.backends.db import SessionStore
    from django.db import connection, transaction
    from django.utils import timezone

    from annotation.models import Annotator, ConsentText, Membership, Participation, Stimulus, Study
    from annotation.services.change_state import change_state
    from annotation.services.create_study import create_study

    table = crowd_table(n_responses, n_stimuli, n_people)
    study = create_study(template="affective_explanation", title="Affection's size", wanted_responses=6)
    wanted = np.bincount(table.stimulus, minlength=n_stimuli).tolist()
    sources = np.repeat(list(SOURCES), np.diff(_edges(list(SOURCES.values()), n_stimuli)).tolist()).tolist()
    draw = random.Random(SEED)
    draw.shuffle(sources)
    Stimulus.objects.bulk_create(
        (
            Stimulus(
                study=study,
                key=(digest := hashlib.sha256(f"stimulus {number}".encode()).hexdigest()),
                source_dataset=sources[number],
                name=f"image_{number:06}.jpg",
                description="An image of the measured study.",
                image_sha256=digest,
                width=draw.choice([480, 640, 500]),
                height=draw.choice([640, 427, 375]),
                rank=draw.getrandbits(62),
                wanted=wanted[number],
                open_slots=wanted[number],
            )
            for number in range(n_stimuli)
        ),
        batch_size=5000,
    )
    change_state(study=study, state=Study.OPEN)
    consent, _ = ConsentText.objects.get_or_create(study=study, hash="f" * 64, defaults={"markdown": "fill"})
    with transaction.atomic():
        annotators = Annotator.objects.bulk_create(Annotator(is_simulated=True) for _ in range(n_people))
        Participation.objects.bulk_create(
            Participation(
                study=study, annotator=annotator, consent=consent, cohort=COHORTS[number % 4], started_at=timezone.now()
            )
            for number, annotator in enumerate(annotators)
        )
        with connection.cursor() as cursor:
            cursor.execute(
                "create temporary table filled (stimulus int, person int, label text, text text, at timestamptz)"
                " on commit drop"
            )
            labels = [label["id"] for label in study.labels]
            cursor.copy_expert("copy filled from stdin", _rows(table, labels))  # psycopg's own cursor beneath Django's
            cursor.execute("create index on filled (stimulus, person)")
            cursor.execute("analyze filled")
            cursor.execute(_INTO_TABLES, {"study": study.pk})
    with connection.cursor() as cursor:
        cursor.execute("analyze annotation_response, annotation_stimulus, annotation_participation")
    user = User.objects.create_user("rosa", password=None)
    Membership.objects.create(study=study, user=user, role=Membership.RESEARCHER)
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.save()
    print(study.slug, session.session_key)


def _edges(sizes: list[int], total: int) -> np.ndarray:
    return np.round(np.concatenate([[0], np.cumsum(sizes)]) / sum(sizes) * total).astype(int)


def _rows(table: object, labels: list[str]) -> io.StringIO:
    draw = np.random.default_rng(SEED)
    syllables = [consonant + vowel for consonant in "bdfghklmnprstv" for vowel in "aeiou"]
    words = np.array(["".join(draw.choice(syllables, draw.integers(1, 5))) for _ in range(N_WORDS)])
    chances = 1 / (np.arange(N_WORDS) + 2.7)
    chances /= chances.sum()
    stimulus, person, label = table.stimulus, table.annotator, table.label  # type: ignore[attr-defined]
    n = len(label)
    drawn = words[draw.choice(N_WORDS, (n, WORDS_PER_TEXT), p=chances)]
    started = time.time() - 30 * 86_400
    at = started + draw.random(n) * 29 * 86_400
    file = io.StringIO()
    for row in range(n):
        name = labels[label[row]]
        when = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at[row]))
        leaning = words[100 + label[row]] if row % 3 == 0 else ""
        file.write(f"{stimulus[row]}\t{person[row]}\t{name}\t{' '.join(drawn[row])} {leaning}\t{when}\n")
    file.seek(0)
    return file


def count(slug: str) -> None:
    from django.db import connection

    from analysis.over_snapshots import analysis_named
    from analysis.over_snapshots.snapshot_analysis import no_progress
    from analysis.services.analyse_snapshot import store_analysis
    from analysis.services.index_explanations import index_what_changed
    from analysis.services.refresh_statistics import refresh_statistics
    from annotation.models import Study

    seconds: dict[str, float] = {}

    def timed(name: str, act: object) -> None:
        begun = time.monotonic()
        act()  # type: ignore[operator]
        seconds[name] = round(time.monotonic() - begun, 1)

    study = Study.objects.get(slug=slug)
    timed("statistics", lambda: refresh_statistics(wait=True))
    timed("words", lambda: index_what_changed(wait=True))
    for name in ("agreement", "emotion_map"):
        analysis = analysis_named(name)
        options = analysis.options_with_defaults({})
        timed(name, lambda: store_analysis(study=study, analysis=analysis, options=options, progress=no_progress))  # noqa: B023
    with connection.cursor() as cursor:
        cursor.execute("analyze")
    print(json.dumps(seconds))


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    if sys.argv[1] == "fill":
        fill(*map(int, sys.argv[2:5]))
    else:
        count(sys.argv[2])
