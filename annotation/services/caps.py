"""How many answers a person, and a study, may give: asked when work is lent, counted when an answer is stored.

A person's numbers stand on her own row, which every act of hers locks anyway. A study's budget is one row, and it is
touched once per chunk of promises, not per answer: whoever works holds up to CHUNK promises, an accepted answer uses
one, and what somebody who went away did not use comes back. So accepted answers and promises together never exceed
the budget, whatever happens at the same time. What is held may always be answered.

Windows are counted in slots (five minutes of an hour, an hour of a day) and a slot counts until it has left the window
as a whole, so a person gets rather too little than too much, by one slot at most.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from annotation.errors import InvalidInput
from annotation.models import Participation, Response, Study, StudyBudget

#: setting -> the least and the most
LIMITS: dict[str, tuple[int, int]] = {
    "most_per_person": (1, 100_000),
    "most_per_hour": (1, 2_000),
    "most_per_day": (1, 20_000),
    "most_of_study": (1, 100_000_000),
    "attention_every": (5, 1_000),
}
WINDOWS = {"most_per_hour": (3600, 300), "most_per_day": (86_400, 3600)}  # seconds of the window, and of its slots
CHUNK = 10

_RESERVE = """
    update annotation_studybudget b set taken = b.taken + found.n from (
      select study_id, least(%(chunk)s, greatest(1, (most - taken) / 100), most - taken) as n
      from annotation_studybudget where study_id = %(study)s and taken < most for no key update {patience}
    ) found where b.study_id = found.study_id returning found.n
"""
_IDLE = """
    select p.id, p.reserved from annotation_participation p
    where p.reserved > 0 and (%(study)s::bigint is null or p.study_id = %(study)s) and not exists (
      select 1 from annotation_assignment a
      where a.participation_id = p.id and a.state = 'leased' and a.expires_at > %(now)s)
    order by p.id limit 500 for no key update of p skip locked
"""


@dataclass(frozen=True)
class Reached:
    """Which limit keeps a person from more work. until: when it ends by itself; None: it does not."""

    limit: str
    until: datetime | None = None

    @property
    def is_final(self) -> bool:
        return self.until is None


def clean_limits(given: dict[str, Any]) -> dict[str, int]:
    """The limits that are set; None switches one off. Raises InvalidInput by setting."""
    errors: dict[str, list[str]] = {}
    kept: dict[str, int] = {}
    for name, value in given.items():
        if name not in LIMITS:
            errors[name] = [_("There is no such limit.")]
        elif value is not None:
            least, most = LIMITS[name]
            if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
                of = {"least": f"{least:,}", "most": f"{most:,}", "got": value}
                errors[name] = [_("Give a whole number from %(least)s to %(most)s, not %(got)r.") % of]
            else:
                kept[name] = value
    if not errors and kept.get("most_per_day", 10**9) < kept.get("most_per_hour", 0):
        errors["most_per_day"] = [_("A day cannot have fewer answers than an hour of it.")]
    if errors:
        raise InvalidInput(_("The limits have errors; nothing was saved."), errors)
    return kept


def set_limits(*, study: Study, limits: dict[str, Any]) -> Study:
    """Changes the limits that are named (None = off); they hold from the next image on. Raises InvalidInput."""
    with transaction.atomic():
        locked = Study.objects.select_for_update(no_key=True).get(pk=study.pk)
        locked.limits = clean_limits({**locked.limits, **limits})
        _set_budget(locked, locked.limits.get("most_of_study"))
        locked.save(update_fields=["limits"])
    return locked


def _set_budget(study: Study, most: int | None) -> None:
    if most is None:
        StudyBudget.objects.filter(study=study).delete()
        Participation.objects.filter(study=study, reserved__gt=0).update(reserved=0)
        return
    budget = StudyBudget.objects.select_for_update(no_key=True).filter(study=study).first()
    if budget is None:
        # an answer that is being stored at this very moment is not in the count: set a budget before the study opens
        taken = Response.objects.filter(study=study, status=Response.ACCEPTED).count()
        budget = StudyBudget(study=study, taken=taken)
    if budget.taken > most:
        sentence = _(
            "%(n)s answers are given or promised to people at work already; the study cannot have fewer than that."
        ) % {"n": f"{budget.taken:,}"}
        raise InvalidInput(sentence, {"most_of_study": [sentence]})
    budget.most = most
    try:
        with transaction.atomic():
            budget.save()
    except IntegrityError as error:
        sentence = _("The budget was changed at the same moment. Try again.")
        raise InvalidInput(sentence, {"most_of_study": [sentence]}) from error


# Asked when work is lent


def may_lend(locked: Participation, study: Study, n_held: int, *, wait: bool = False) -> bool:
    """Whether one more image may be lent to a person who holds `n_held`. The caller holds her row.

    Takes promises of the study's budget where she has none left. wait: wait for whoever takes some at this moment;
    only for a transaction that has locked no stimulus yet, or two could wait for each other.
    """
    if not study.limits:
        return True
    if reached_by(locked, study.limits, n_held) is not None:
        return False
    return "most_of_study" not in study.limits or n_held < locked.reserved or _reserve(locked, wait=wait)


def reached_by(
    person: Participation, limits: dict[str, Any], n_held: int = 0, now: float | None = None
) -> Reached | None:
    """The limit on a person that is reached, the study's budget left aside. now: seconds; None = the real clock's."""
    most = limits.get("most_per_person")
    if most is not None and person.n_answered + n_held >= most:
        return Reached("most_per_person")
    now = timezone.now().timestamp() if now is None else now
    latest: Reached | None = None
    for name, (seconds, slot_seconds) in WINDOWS.items():
        most = limits.get(name)
        if most is None:
            continue
        slots = _slots_within(person.pace, name, now)
        over = sum(n for _start, n in slots) + n_held - most
        if over < 0:
            continue
        # free again when enough of the oldest slots have left the window as a whole
        ends = now
        for start, n in slots:
            ends, over = start + slot_seconds + seconds, over - n
            if over < 0:
                break
        until = datetime.fromtimestamp(ends, tz=timezone.get_current_timezone())
        if latest is None or latest.until is None or until > latest.until:
            latest = Reached(name, until)
    return latest


def room_left(person: Participation, limits: dict[str, Any], n_held: int = 0) -> int | None:
    """How many images more the limits on a person leave her now, who holds `n_held`; None where none is set."""
    now = timezone.now().timestamp()
    given = {name: sum(n for _start, n in _slots_within(person.pace, name, now)) for name in WINDOWS}
    given["most_per_person"] = person.n_answered
    rooms = [limits[name] - n - n_held for name, n in given.items() if limits.get(name) is not None]
    return max(min(rooms), 0) if rooms else None


def _slots_within(pace: dict[str, list[list[int]]], name: str, now: float) -> list[list[int]]:
    seconds, slot_seconds = WINDOWS[name]
    return [slot for slot in pace.get(name, ()) if slot[0] + slot_seconds + seconds > now]


def _reserve(locked: Participation, *, wait: bool) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            _RESERVE.format(patience="" if wait else "skip locked"), {"study": locked.study_id, "chunk": CHUNK}
        )
        row = cursor.fetchone()
    if row is None:
        return False
    locked.reserved += row[0]
    locked.save(update_fields=["reserved"])
    return True


def limit_reached(participation: Participation, study: Study) -> Reached | None:
    """Why this person gets no more work now, or None. She is not asked to wait for promises others may give back."""
    reached = reached_by(participation, study.limits) if study.limits else None
    if reached is None and "most_of_study" in study.limits and not participation.reserved:
        budget = StudyBudget.objects.filter(study=study).first()
        if budget is not None and budget.taken >= budget.most:
            return Reached("most_of_study")
    return reached


# Counted when an answer is stored


def note_answer(locked: Participation, study: Study, now: datetime) -> None:
    """An answer of hers was stored. Call it with her row locked, in studies with limits."""
    pace = pace_after(locked.pace, study.limits, now.timestamp())
    if pace:
        locked.pace = pace
        locked.save(update_fields=["pace"])


def pace_after(before: dict[str, list[list[int]]], limits: dict[str, Any], stamp: float) -> dict[str, list[list[int]]]:
    """`Participation.pace` after one more answer at `stamp`, in seconds; empty where no window is limited."""
    pace: dict[str, list[list[int]]] = {}
    for name, (_seconds, slot_seconds) in WINDOWS.items():
        if name not in limits:
            continue
        slots = [list(slot) for slot in _slots_within(before, name, stamp)]
        start = int(stamp // slot_seconds) * slot_seconds
        if slots and slots[-1][0] == start:
            slots[-1][1] += 1
        else:
            slots.append([start, 1])
        pace[name] = slots
    return pace


def use_promise(locked: Participation, study: Study) -> bool:
    """Uses one promise of the study's budget for an answer that shall count; False: there is none left.

    Call it before the transaction locks any stimulus.
    """
    if "most_of_study" not in study.limits:
        return True
    if not locked.reserved and not _reserve(locked, wait=True):
        return False
    locked.reserved -= 1
    locked.save(update_fields=["reserved"])
    return True


def keep_promise(locked: Participation, study: Study) -> None:
    """The answer does not count after all: what `use_promise` took is hers again."""
    if "most_of_study" in study.limits:
        locked.reserved += 1
        locked.save(update_fields=["reserved"])


def return_promises(*, study: Study | None = None) -> int:
    """Gives back what people who hold nothing any more were promised. Returns how many promises. None: all studies."""
    if not StudyBudget.objects.exists():
        return 0
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_IDLE, {"now": timezone.now(), "study": study.pk if study else None})
        idle = dict(cursor.fetchall())
        if not idle:
            return 0
        # people first, then budgets in the order of their studies, as everybody does
        cursor.execute(
            """
            with back as (
              select study_id, sum(reserved) as n from annotation_participation
              where id = any(%(ids)s) group by study_id
            ), locked as (
              select b.study_id, back.n from annotation_studybudget b join back using (study_id)
              order by b.study_id for no key update of b
            )
            update annotation_studybudget b set taken = greatest(b.taken - locked.n, 0)
            from locked where b.study_id = locked.study_id
            """,
            {"ids": list(idle)},
        )
        Participation.objects.filter(pk__in=idle).update(reserved=0)
    return sum(idle.values())


# What people read


def limits_in_words(study: Study) -> list[str]:
    """For the instructions: what limits there are, and that nothing is lost by reaching them."""
    person, hour, day = (study.limits.get(name) for name in ("most_per_person", "most_per_hour", "most_per_day"))
    sentences = []
    if person is not None:
        sentences.append(
            ngettext("You can answer one image.", "You can answer up to %(n)s images.", person) % {"n": person}
        )
    if hour is not None:
        sentences.append(
            ngettext("At most one image in an hour.", "At most %(n)s images in an hour.", hour) % {"n": hour}
        )
    if day is not None:
        sentences.append(ngettext("At most one image in a day.", "At most %(n)s images in a day.", day) % {"n": day})
    return sentences


def reached_in_words(reached: Reached | None) -> str:
    """What the end page says. The time, where there is one, is added by the page, in the reader's own clock."""
    if reached is None:
        return ""
    return {
        "most_per_person": _("You have answered as many images as one person can in this study. All of it counts."),
        "most_of_study": _("The study has all the answers it asked for. Yours are saved."),
        "most_per_hour": _("That is as much as this study asks of one person in an hour. Have a rest."),
        "most_per_day": _("That is as much as this study asks of one person in a day. Have a rest."),
    }[reached.limit]


@dataclass(frozen=True)
class BudgetUse:
    """most: the budget, None without one; taken: accepted and promised; n_at_most: people at their own most."""

    most: int | None
    taken: int
    n_at_most: int


def budget_use(study: Study) -> BudgetUse:
    """For the page of the settings."""
    budget = StudyBudget.objects.filter(study=study).first()
    most_per_person = study.limits.get("most_per_person")
    reached = Q(n_answered__gte=most_per_person) if most_per_person else Q(pk__in=[])
    return BudgetUse(
        budget.most if budget else None,
        budget.taken if budget else 0,
        Participation.objects.filter(reached, study=study).count(),
    )
