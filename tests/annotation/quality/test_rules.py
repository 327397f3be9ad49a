"""Rules: what they may say, that they are tried first, what they do, and that a human can undo it."""

import uuid
from dataclasses import fields
from typing import Any

import pytest
from django.contrib.auth.models import User

from annotation.errors import InvalidInput, StateConflict
from annotation.models import (
    Assignment,
    Participation,
    PersonMessage,
    QualityDecision,
    QualityFlag,
    QualityRule,
    Response,
    Stimulus,
    Study,
)
from annotation.quality.catalogue import SIGNALS
from annotation.quality.grammar import parse
from annotation.quality.review import open_flags
from annotation.quality.signal import Given
from annotation.quality.trial import Past, Trial, is_in_minority
from annotation.services.act_on_flags import act_on_due_flags
from annotation.services.ask_about_decision import ask_about_decision
from annotation.services.assign import assign_ahead
from annotation.services.audit_study import audit_study
from annotation.services.change_rules import save_rule, start_trial, switch_rule
from annotation.services.compute_signals import compute_signals
from annotation.services.decide_quality import decide
from annotation.services.offers import next_offers
from annotation.services.submit_response import submit_response
from annotation.services.try_rule import run_trial
from annotation.services.withdraw import withdraw_participation, withdraw_response
from tests.annotation.quality.answered import answer_about, rule_given, rule_that_is_on
from tests.conftest import answer, make_participation, make_study

pytestmark = pytest.mark.django_db
TEXT = "the quiet lake under the wide sky makes me small and calm today"


def stimuli(study: Study) -> list[Stimulus]:
    return list(study.stimuli.order_by("pk"))


# --- what a rule may say ---


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"conditions": []}, "conditions", "at least one"),
        ({"conditions": [{"signal": "disagrees", "is": "at_least", "value": 1}]}, "conditions.0", "names no signal"),
        ({"conditions": [{"signal": ["n_words"], "is": "at_most", "value": 1}]}, "conditions.0", "names no signal"),
        ({"conditions": [{"signal": "n_words", "is": "about", "value": 1}]}, "conditions.0", "at least or at most"),
        ({"conditions": [{"signal": "n_words", "is": "at_most", "value": "x"}]}, "conditions.0", "got “x”"),
        ({"conditions": [{"signal": "pasted_share", "is": "at_least", "value": 80}]}, "conditions.0", "from 0 to 1"),
        ({"scope": "person", "window": 5, "least": 9}, "least", "can never be"),
        ({"scope": "person", "window": 5000, "least": 9}, "window", "from 1 to 100"),
        ({"scope": "person", "window": float("inf")}, "window", "got “inf”"),
        ({"scope": "crowd"}, "scope", "answer"),
        ({"match": "most"}, "match", "all or any"),
        ({"message": " "}, "message", "No rule acts silently"),
        ({"name": ""}, "name", "name"),
        ({"action": "fine"}, "action", "review"),
        ({"action": "ban"}, "action", "One answer is too little"),
    ],
)
def test_a_rule_that_cannot_be_used_says_which_field_is_wrong(
    study: Study, changes: dict[str, Any], field: str, words: str
) -> None:
    with pytest.raises(InvalidInput) as refused:
        save_rule(study=study, given=rule_given(**changes))
    assert words in " ".join(refused.value.errors[field])
    assert not QualityRule.objects.exists()


@pytest.mark.parametrize("hint", ["machine_style", "one_emotion", "idle_seconds"])
def test_a_hint_is_never_enough(hint: str) -> None:
    condition = {"signal": hint, "is": "at_least", "value": 0}
    behaviour = {"signal": "active_seconds", "is": "at_most", "value": 3}
    for conditions, match in (([condition], "all"), ([condition] * 2, "all"), ([condition, behaviour], "any")):
        with pytest.raises(InvalidInput, match="hint"):
            parse(rule_given(conditions=conditions, match=match))
    parse(rule_given(conditions=[condition, behaviour], match="all"))


def test_no_signal_knows_what_others_felt() -> None:
    """The grammar has the catalogue's signals only; but for the hint of variety none is given any label."""
    assert not {"label", "labels", "majority", "agreement", "answers"} & {field.name for field in fields(Given)}
    assert [signal.name for signal in SIGNALS.values() if signal.of_person] == ["attention_check_failed", "one_emotion"]
    assert not SIGNALS["one_emotion"].stands_alone


# --- tried first ---


def test_a_rule_is_switched_on_only_after_a_trial_of_what_it_says_now(study: Study) -> None:
    rule = save_rule(study=study, given=rule_given())
    with pytest.raises(StateConflict, match="Try the rule"):
        switch_rule(rule=rule, on=True)
    run_trial(trial=start_trial(rule=rule))
    assert switch_rule(rule=rule, on=True).is_on

    unchanged = save_rule(study=study, given=rule_given(), rule=rule)
    assert (unchanged.is_on, unchanged.version) == (True, 1)
    changed = save_rule(
        study=study,
        given=rule_given(conditions=[{"signal": "n_words", "is": "at_most", "value": 2}]),
        rule=rule,
    )
    assert (changed.is_on, changed.version) == (False, 2)
    with pytest.raises(StateConflict):
        switch_rule(rule=changed, on=True)


def test_a_trial_that_ran_while_the_rule_was_changed_does_not_count(study: Study) -> None:
    rule = save_rule(study=study, given=rule_given())
    trial = start_trial(rule=rule)
    save_rule(study=study, given=rule_given(name="Another name"), rule=rule)
    run_trial(trial=trial)
    with pytest.raises(StateConflict):
        switch_rule(rule=rule, on=True)


def test_a_trial_flags_nobody_and_counts_honest_minority_answers(study: Study) -> None:
    """Three fast people on one image: two feel as most do, one does not; a fourth, fast, also pastes everywhere."""
    image = stimuli(study)[:4]
    Stimulus.objects.filter(study=study).update(wanted=20, open_slots=20)
    for number in range(3):
        answer_about(make_participation(study), image[0], f"{TEXT} as number {number}", label="awe")
    answer_about(make_participation(study), image[0], "fast and as all", label="awe", seconds=2)
    answer_about(make_participation(study), image[0], "fast but felt so", label="fear", seconds=2)
    paster = make_participation(study)
    for one in image:
        answer_about(paster, one, f"pasted words {one.pk}", label="anger", seconds=2, explanation_pasted_characters=9)

    rule = save_rule(study=study, given=rule_given())
    trial = run_trial(trial=start_trial(rule=rule))

    result = trial.result
    assert result is not None
    assert (result["n_responses"], result["n_flagged"], result["n_flagged_people"]) == (9, 6, 3)
    # the paster's answer is in the minority, too, but she shows another signal; her others have no crowd
    assert (result["n_minority"], result["n_honest_minority"]) == (2, 1)
    assert result["by_signal"] == {"active_seconds": 6}
    assert not QualityFlag.objects.exists()
    assert not PersonMessage.objects.exists()


def test_minority_means_rarer_than_another_label_on_the_same_image() -> None:
    assert is_in_minority("fear", {"awe": 3}) is True
    assert is_in_minority("awe", {"awe": 3}) is False
    assert is_in_minority("fear", {"awe": 2, "fear": 1}) is False  # as many
    assert is_in_minority("fear", {"awe": 1}) is None
    assert is_in_minority("", {"awe": 5}) is None


def test_a_rule_about_a_person_counts_within_her_last_answers() -> None:
    definition = parse(rule_given(scope="person", window=4, least=2))
    trial = Trial(definition)
    fast, slow = {"active_seconds": 1.0}, {"active_seconds": 9.0}
    trial.add(1, [Past(n, signals, None) for n, signals in enumerate([fast, slow, slow, slow, fast, slow])])
    assert trial.n_flagged == 0
    trial.add(2, [Past(n, signals, None) for n, signals in enumerate([slow, fast, slow, fast, slow, slow])])
    assert (trial.n_flagged, trial.n_flagged_people, trial.n_people) == (2, 1, 2)
    trial.add(3, [Past(n, {"active_seconds": None}, None) for n in range(9)])
    assert (trial.n_flagged_people, trial.not_told["active_seconds"]) == (1, 9)


# --- what it does ---


def test_review_tells_the_person_and_changes_nothing(study: Study, anna: Participation) -> None:
    rule_that_is_on(study)
    response = answer_about(anna, stimuli(study)[0], TEXT, seconds=1)
    compute_signals()
    flag = QualityFlag.objects.get()
    assert (flag.response_id, flag.state, flag.is_due) == (response.pk, "open", False)
    assert flag.found == [{"signal": "active_seconds", "is": "at_most", "value": 3.0, "found": 1.0}]
    assert PersonMessage.objects.get().text.startswith("This answer came very fast")
    response.refresh_from_db()
    assert response.status == Response.ACCEPTED
    # looked at again, it is not flagged again
    Response.objects.filter(pk=response.pk).update(device="phone")
    compute_signals()
    assert QualityFlag.objects.count() == 1


def test_a_rule_that_is_off_flags_nothing(study: Study, anna: Participation) -> None:
    switch_rule(rule=rule_that_is_on(study), on=False)
    answer_about(anna, stimuli(study)[0], TEXT, seconds=1)
    compute_signals()
    assert not QualityFlag.objects.exists()


def test_a_replaced_answer_is_kept_and_its_slot_is_open_for_another_person(study: Study, anna: Participation) -> None:
    rule_that_is_on(study, action="replace")
    image = stimuli(study)[0]
    response = answer_about(anna, image, TEXT, seconds=1)
    compute_signals()
    response.refresh_from_db()
    image.refresh_from_db()
    assert (response.status, response.answers["explanation"]) == (Response.SURPLUS, TEXT)
    assert (image.wanted, image.open_slots) == (3, 3)
    assert audit_study(study) == []

    flag = QualityFlag.objects.get()
    decide(participation=anna, action="accept", flag=flag, reason="You were just quick. It counts again.")
    response.refresh_from_db()
    image.refresh_from_db()
    assert (response.status, image.wanted, image.open_slots) == (Response.ACCEPTED, 3, 2)
    assert audit_study(study) == []
    assert list(QualityDecision.objects.order_by("pk").values_list("action", flat=True)) == ["replace", "accept"]


def test_restoring_an_answer_whose_slot_was_taken_keeps_both(study: Study, anna: Participation) -> None:
    image = stimuli(study)[0]
    Stimulus.objects.filter(pk=image.pk).update(wanted=1, open_slots=1)
    response = answer_about(anna, image, TEXT)
    decide(participation=anna, action="replace", response=response, reason="Please name what you see.")
    second = answer_about(make_participation(study), image, "a boat far out on the lake")
    decide(participation=anna, action="restore", response=response)
    image.refresh_from_db()
    response.refresh_from_db()
    assert (response.status, second.status, image.wanted, image.open_slots) == ("accepted", "accepted", 2, 0)
    assert audit_study(study) == []
    with pytest.raises(StateConflict, match="was not set aside"):
        decide(participation=anna, action="restore", response=response)


def test_set_aside_without_replacement_asks_nobody_else(study: Study, anna: Participation) -> None:
    image = stimuli(study)[0]
    response = answer_about(anna, image, TEXT)
    decide(participation=anna, action="set_aside", response=response, reason="It speaks of another image.")
    image.refresh_from_db()
    assert (image.wanted, image.open_slots) == (2, 2)
    assert audit_study(study) == []
    with pytest.raises(StateConflict, match="does not count any more"):
        decide(participation=anna, action="replace", response=response, reason="Again")
    decide(participation=anna, action="restore", response=response)
    image.refresh_from_db()
    assert (image.wanted, image.open_slots) == (3, 2)
    assert audit_study(study) == []


def test_who_is_paused_holds_nothing_gets_nothing_and_keeps_what_she_gave(
    study: Study, anna: Participation, mika: User
) -> None:
    rule_that_is_on(study, scope="person", window=5, least=2, action="pause")
    for image in stimuli(study)[:2]:
        answer_about(anna, image, f"{TEXT} {image.pk}", seconds=1)
    (held, *_) = assign_ahead(participation=anna, study=study)
    compute_signals()
    anna.refresh_from_db()
    assert anna.standing == Participation.PAUSED
    assert not Assignment.objects.filter(participation=anna, state=Assignment.LEASED).exists()
    assert assign_ahead(participation=anna, study=study) == []
    assert next_offers(participation=anna, study=study, n=5) == []
    assert anna.responses.filter(status=Response.ACCEPTED).count() == 2
    assert audit_study(study) == []
    assert PersonMessage.objects.get().act == "pause"

    # what she was writing at that moment is stored
    late = submit_response(
        study=study, participation=anna, assignment_id=held.id, client_key=uuid.uuid4(), answers=answer(), lend=True
    )
    assert late.response.status == Response.ACCEPTED
    assert late.held == []

    decide(participation=anna, action="resume", reason="All is well, thank you.", user=mika)
    assert assign_ahead(participation=anna, study=study)
    compute_signals()
    assert QualityFlag.objects.filter(rule__isnull=False).count() == 1, "she was judged by these answers already"


def test_taking_something_away_needs_words_for_the_person(study: Study, anna: Participation) -> None:
    for action in ("pause", "ban"):
        with pytest.raises(InvalidInput, match="the person reads it"):
            decide(participation=anna, action=action)
    anna.refresh_from_db()
    assert anna.standing == Participation.GOOD


def test_what_a_person_asks_comes_into_the_queue_and_is_answered(study: Study, anna: Participation, mika: User) -> None:
    decide(participation=anna, action="ban", reason="Your texts were copied.", user=mika)
    flag = ask_about_decision(participation=anna, text="They were mine, from my own notes.")
    again = ask_about_decision(participation=anna, text="Please look.")
    assert (again.pk, again.appeal.count("\n\n")) == (flag.pk, 1)
    decide(participation=anna, action="resume", flag=flag, reason="You are right, sorry.", user=mika)
    flag.refresh_from_db()
    anna.refresh_from_db()
    assert (flag.state, anna.standing) == ("decided", "good")
    assert list(PersonMessage.objects.values_list("act", "text")) == [
        ("resume", "You are right, sorry."),
        ("ban", "Your texts were copied."),
    ]
    with pytest.raises(InvalidInput, match="Write what"):
        ask_about_decision(participation=anna, text="  ")


def test_an_answer_that_was_withdrawn_meanwhile_is_left_alone(study: Study, anna: Participation) -> None:
    rule = rule_that_is_on(study, action="replace")
    response = answer_about(anna, stimuli(study)[0], TEXT, seconds=1)
    flag = QualityFlag.objects.create(
        study=study, participation=anna, response=response, rule=rule, rule_version=1, is_due=True
    )
    withdraw_response(response=response)
    assert act_on_due_flags() == 1
    flag.refresh_from_db()
    response.refresh_from_db()
    assert (flag.is_due, response.status) == (False, Response.WITHDRAWN)
    anna.refresh_from_db()
    assert anna.standing == Participation.GOOD


def test_a_question_is_answered_without_a_change(study: Study, anna: Participation, mika: User) -> None:
    flag = ask_about_decision(participation=anna, text="May I answer in French?")
    decide(participation=anna, action="accept", flag=flag, reason="Yes, please do.", user=mika)
    assert list(PersonMessage.objects.values_list("act", "text")) == [("accept", "Yes, please do.")]


def test_keep_undoes_all_that_a_rule_about_a_person_set_aside(anna: Participation, mika: User) -> None:
    study = make_study(mika, n_stimuli=14)
    anna = make_participation(study)
    rule = save_rule(study=study, given=rule_given(scope="person", window=20, least=12, action="replace"))
    run_trial(trial=start_trial(rule=rule))
    switch_rule(rule=rule, on=True)
    for image in stimuli(study)[:12]:
        answer_about(anna, image, f"{TEXT} {image.pk}", seconds=1)
    compute_signals()
    # as many as the trial counts
    run_trial(trial=(trial := start_trial(rule=rule)))
    assert trial.result is not None
    assert trial.result["n_flagged"] == anna.responses.filter(status=Response.SURPLUS).count() == 12
    kept = anna.responses.order_by("pk")[3]
    decide(participation=anna, action="restore", response=kept, user=mika)
    decide(participation=anna, action="set_aside", response=kept, reason="It is about another image.", user=mika)

    flag = QualityFlag.objects.get()
    decide(participation=anna, action="accept", flag=flag, reason="All is well.", user=mika)
    # but for what somebody has decided anew
    assert list(anna.responses.exclude(status=Response.ACCEPTED)) == [kept]
    assert audit_study(study) == []


def test_a_rule_that_pauses_does_not_soften_a_ban(study: Study, anna: Participation, mika: User) -> None:
    rule_that_is_on(study, scope="person", window=5, least=2, action="pause")
    for image in stimuli(study)[:2]:
        answer_about(anna, image, f"{TEXT} {image.pk}", seconds=1)
    decide(participation=anna, action="ban", reason="We have talked about it.", user=mika)
    compute_signals()
    anna.refresh_from_db()
    assert anna.standing == Participation.BANNED
    with pytest.raises(StateConflict, match="banned already"):
        decide(participation=anna, action="pause", reason="Be calm.", user=mika)


def test_keep_lets_nobody_go_on_whom_somebody_has_banned_since(study: Study, anna: Participation, mika: User) -> None:
    rule_that_is_on(study, scope="person", window=5, least=2, action="pause")
    for image in stimuli(study)[:2]:
        answer_about(anna, image, f"{TEXT} {image.pk}", seconds=1)
    compute_signals()
    decide(participation=anna, action="ban", reason="We have talked about it.", user=mika)
    decide(participation=anna, action="accept", flag=QualityFlag.objects.get(), user=mika)
    anna.refresh_from_db()
    assert anna.standing == Participation.BANNED


def test_keep_lets_her_go_on_where_an_older_pause_was_lifted(study: Study, anna: Participation, mika: User) -> None:
    rule_that_is_on(study, name="Older", scope="person", window=5, least=2, action="pause")
    for image in stimuli(study)[:2]:
        answer_about(anna, image, f"{TEXT} {image.pk}", seconds=1)
    compute_signals()
    decide(participation=anna, action="resume", reason="Go on, please.", user=mika)
    newer = rule_that_is_on(study, name="Newer", scope="person", window=9, least=3, action="pause")
    answer_about(anna, stimuli(study)[2], f"{TEXT} again", seconds=1)
    compute_signals()
    anna.refresh_from_db()
    assert anna.standing == Participation.PAUSED
    decide(participation=anna, action="accept", flag=QualityFlag.objects.get(rule=newer), user=mika)
    anna.refresh_from_db()
    assert anna.standing == Participation.GOOD


def test_an_answer_that_is_not_counted_takes_nobody_elses_label_away_in_a_trial(study: Study) -> None:
    """Two felt fear, one awe; a fourth, whose awe is not counted, is no minority of one: two and two."""
    image = stimuli(study)[0]
    Stimulus.objects.filter(pk=image.pk).update(wanted=20, open_slots=20)
    for label in ("fear", "fear", "awe"):
        answer_about(make_participation(study), image, f"{TEXT} {label}", label=label)
    bo = make_participation(study)
    fast = answer_about(bo, image, "fast and about nothing", label="awe", seconds=1)
    decide(participation=bo, action="set_aside", response=fast, reason="It says nothing.")
    rule = save_rule(study=study, given=rule_given())
    trial = run_trial(trial=start_trial(rule=rule))
    assert trial.result is not None
    assert (trial.result["n_flagged"], trial.result["n_minority"]) == (1, 0)


def test_nothing_waits_for_a_decision_about_what_was_taken_back(study: Study, anna: Participation) -> None:
    rule_that_is_on(study)
    one, two = (answer_about(anna, image, f"{TEXT} {image.pk}", seconds=1) for image in stimuli(study)[:2])
    compute_signals()
    ask_about_decision(participation=anna, text="It was meant so.")
    assert len(open_flags(study)) == 3
    withdraw_response(response=one)
    assert [flag.response_id for flag in open_flags(study)] == [None, two.pk]
    withdraw_participation(participation=anna)
    assert not open_flags(study)
    assert QualityFlag.objects.count() == 3
