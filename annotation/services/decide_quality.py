"""Acts on answers and people, by a rule or by somebody who looked: each is a row, each can be undone, none is silent.

Nothing is thrown away. An answer that is set aside becomes surplus: kept and exported with that status, and not
counted. With `replace` its slot is open again, so that another person is asked; with `set_aside` the stimulus wants one
response less. A paused or banned person keeps her answers and her pay, holds no image, and gets no new one; what she
was writing at that moment is still stored.
"""

from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from annotation.errors import InvalidInput, StateConflict
from annotation.models import (
    Assignment,
    Participation,
    PersonMessage,
    QualityDecision,
    QualityFlag,
    Response,
    Stimulus,
)

D = QualityDecision
ON_RESPONSES = (D.ACCEPT, D.SET_ASIDE, D.REPLACE, D.RESTORE)
ON_PEOPLE = (D.PAUSE, D.BAN, D.RESUME)


def decide(
    *,
    participation: Participation,
    action: str,
    reason: str = "",
    response: Response | None = None,
    flag: QualityFlag | None = None,
    user: Any = None,
    by_rule: bool = False,
) -> QualityDecision:
    """One decision, in one transaction. reason: the person reads it; needed for what takes something from her.

    flag: what is decided about; it is then done with, unless a rule decided. `accept` undoes what followed from it.
    Raises InvalidInput, StateConflict (what is asked for is so already, or cannot be).
    """
    reason = reason.strip()
    if action not in (*ON_RESPONSES, *ON_PEOPLE):
        known = ", ".join((*ON_RESPONSES, *ON_PEOPLE))
        message = _("“%(got)s” is no decision; there are: %(known)s.") % {"got": str(action)[:40], "known": known}
        raise InvalidInput(message, {"action": [message]})
    if action in (D.SET_ASIDE, D.REPLACE, D.PAUSE, D.BAN) and not reason:
        message = _("Write the reason: the person reads it.")
        raise InvalidInput(message, {"reason": [message]})
    if action in (D.SET_ASIDE, D.REPLACE, D.RESTORE) and response is None:
        message = _("This decision is about an answer, and none was named.")
        raise InvalidInput(message, {"response": [message]})
    with transaction.atomic():
        # the person first, any stimulus afterwards, as every act of hers does
        locked = Participation.objects.select_for_update(no_key=True).get(pk=participation.pk)
        lowered = False
        if action in (D.SET_ASIDE, D.REPLACE):
            assert response is not None
            lowered = _set_aside(response, replace=action == D.REPLACE)
        elif action == D.RESTORE:
            assert response is not None
            _restore(response)
        elif action in (D.PAUSE, D.BAN):
            _stop(locked, Participation.PAUSED if action == D.PAUSE else Participation.BANNED)
        elif action == D.RESUME:
            if locked.may_get_work:
                raise StateConflict(_("This person is neither paused nor banned."))
            _start(locked)
        elif flag is not None:
            _undo_what_followed(flag, locked)
        decision = QualityDecision.objects.create(
            study_id=locked.study_id,
            participation=locked,
            response=response,
            flag=flag,
            action=action,
            reason=reason,
            lowered_wanted=lowered,
            by=None if by_rule else user,
        )
        if flag is not None and not by_rule:
            QualityFlag.objects.filter(pk=flag.pk).update(
                state=QualityFlag.DECIDED, is_due=False, decided_at=timezone.now()
            )
        # the rule's sentence stands in the form already; she has read it, and nothing was done to her answer
        says_nothing = action == D.ACCEPT and flag is not None and not flag.appeal and not flag.decisions.exclude(
            pk=decision.pk
        ).exists()  # fmt: skip
        if reason and not says_nothing:
            tell(participation=locked, act=action, text=reason, flag=flag, is_about_answer=response is not None)
    participation.standing = locked.standing
    return decision


def tell(
    *, participation: Participation, act: str, text: str, flag: QualityFlag | None = None, is_about_answer: bool = True
) -> PersonMessage:
    """What the person will read. The same sentence of the same rule is told once, with the number of answers."""
    rule_id = flag.rule_id if flag else None
    same = PersonMessage.objects.filter(
        participation=participation, rule_id=rule_id, act=act, text=text, read_at__isnull=True
    ).first()
    if same and rule_id and is_about_answer:
        PersonMessage.objects.filter(pk=same.pk).update(n_answers=F("n_answers") + 1)
        return same
    return PersonMessage.objects.create(
        participation=participation, flag=flag, rule_id=rule_id, act=act, text=text, n_answers=int(is_about_answer)
    )


def _set_aside(response: Response, *, replace: bool) -> bool:
    """Returns whether the stimulus wants one response less now."""
    found = Response.objects.select_for_update(no_key=True).get(pk=response.pk)
    if found.status != Response.ACCEPTED:
        raise StateConflict(_("This answer does not count any more (%(status)s).") % {"status": found.status})
    Assignment.objects.filter(pk=found.assignment_id).update(state=Assignment.SURPLUS)
    Response.objects.filter(pk=found.pk).update(status=Response.SURPLUS, updated_at=timezone.now())
    if replace:
        return False
    # the slot that the trigger has just opened is taken away again
    Stimulus.objects.filter(pk=found.stimulus_id).update(wanted=F("wanted") - 1, open_slots=F("open_slots") - 1)
    return True


def _restore(response: Response) -> None:
    """The answer counts again. Where its slot has been taken meanwhile, its stimulus wants one response more."""
    found = Response.objects.select_for_update(no_key=True).get(pk=response.pk)
    last = QualityDecision.objects.filter(
        response=found, action__in=(D.SET_ASIDE, D.REPLACE, D.RESTORE)
    ).order_by("-pk").first()  # fmt: skip
    if found.status != Response.SURPLUS or last is None or last.action == D.RESTORE:
        raise StateConflict(_("This answer was not set aside."))
    stimulus = Stimulus.objects.select_for_update(no_key=True).get(pk=found.stimulus_id)
    if last.lowered_wanted or stimulus.open_slots < 1:
        Stimulus.objects.filter(pk=stimulus.pk).update(wanted=F("wanted") + 1, open_slots=F("open_slots") + 1)
    Assignment.objects.filter(pk=found.assignment_id).update(state=Assignment.ANSWERED)
    Response.objects.filter(pk=found.pk).update(status=Response.ACCEPTED, updated_at=timezone.now())


def _stop(locked: Participation, standing: str) -> None:
    # a pause does not soften a ban: whoever wants that lets her go on first
    if locked.standing in (standing, Participation.BANNED):
        raise StateConflict(_("This person is %(standing)s already.") % {"standing": locked.standing})
    locked.standing = standing
    locked.save(update_fields=["standing"])
    # she holds nothing any more; what she is writing now is stored when it comes, if a slot is open, and kept anyhow
    Assignment.objects.filter(participation=locked, state=Assignment.LEASED).update(state=Assignment.EXPIRED)


def _start(locked: Participation) -> None:
    locked.standing = Participation.GOOD
    locked.save(update_fields=["standing"])


def _undo_what_followed(flag: QualityFlag, locked: Participation) -> None:
    """What the flag's rule did to answers or the person, unless somebody has undone it, or decided anew, already."""
    taken = flag.decisions.filter(action__in=(D.SET_ASIDE, D.REPLACE)).values("response")
    # in the order in which everybody locks stimuli
    for response in Response.objects.filter(pk__in=taken, status=Response.SURPLUS).order_by("stimulus_id", "pk"):
        last = QualityDecision.objects.filter(
            response=response, action__in=(D.SET_ASIDE, D.REPLACE, D.RESTORE)
        ).order_by("-pk").first()  # fmt: skip
        if last is not None and last.flag_id == flag.pk:
            _restore(response)
    if not locked.may_get_work and _is_stopped_by(flag, locked):
        _start(locked)


def _is_stopped_by(flag: QualityFlag, locked: Participation) -> bool:
    """Whether this flag alone keeps the person from new images: no other that is open, and no decision by somebody."""
    stops = []
    acts = QualityDecision.objects.filter(participation=locked, action__in=ON_PEOPLE).order_by("-pk")
    for act in acts.select_related("flag"):
        if act.action == D.RESUME:
            break
        stops.append(act)
    others = [act for act in stops if act.flag_id != flag.pk]
    still = [act for act in others if act.flag is None or act.by_id or act.flag.state == QualityFlag.OPEN]
    return len(others) < len(stops) and not still
