"""How answers were given: signals, the texts they are compared with, rules, flags, decisions and what a person is told.

Signals and texts name other rows by plain ids, as results do: the job that writes them follows every change of the
responses, deletions and withdrawals included (annotation/services/compute_signals.py). Nothing here is written while an
answer is stored.
"""

from typing import Any

from django.conf import settings
from django.db import models

from annotation.models.annotator import Participation
from annotation.models.response import Response
from annotation.models.study import Study
from jobs.models import Job


class SignalMark(models.Model):
    """How far the signals have seen the responses' changes; locked by whoever computes them, so that there is one."""

    CHANGES = "changes"

    name = models.CharField(max_length=40, primary_key=True)
    # a transaction snapshot in PostgreSQL's spelling (annotation.queries.changes_since); '' = nothing seen yet
    seen = models.TextField(blank=True)

    def __str__(self) -> str:
        return f"{self.name}: {self.seen}"


class SignalQueue(models.Model):
    """A response whose signals are not computed yet: written and present, or withdrawn and to be forgotten."""

    response_id = models.BigIntegerField(primary_key=True)
    study_id = models.BigIntegerField()

    class Meta:
        # each study's oldest first, study by study: a large import in one does not hold up the answers of another
        indexes = [models.Index(fields=["study_id", "response_id"], name="signals_waiting")]

    def __str__(self) -> str:
        return f"signals of {self.response_id} are due"


class ExplanationText(models.Model):
    """A normalised explanation, once per study however often it was written (annotation/quality/near_duplicates.py)."""

    study_id = models.BigIntegerField()
    digest = models.BinaryField(help_text="blake2b of the words, 16 bytes.")
    words = models.TextField(help_text="The normalised words, a space between two.")
    n_words = models.PositiveSmallIntegerField()
    signature = models.BigIntegerField(null=True, help_text="Which of 64 classes its words fall into.")
    # null = not kept under any pair yet: texts of before there were orders, until the next batch
    order_id = models.BigIntegerField(null=True, help_text="The order of words that its pairs are made in.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["study_id", "digest"], name="one_row_per_text")]
        indexes = [
            models.Index(fields=["study_id", "id"], name="texts_without_pairs", condition=models.Q(order_id=None)),
        ]

    def __str__(self) -> str:
        return self.words[:60]


class ExplanationOrder(models.Model):
    """An order of a study's words by how often they are used (annotation/quality/word_orders.py); never changed."""

    study_id = models.BigIntegerField()
    number = models.PositiveSmallIntegerField(help_text="0 = the study's first.")
    n_texts = models.PositiveBigIntegerField(default=0, help_text="How many texts were put under it.")
    numbers = models.BinaryField(help_text="Hashes of the words that are used often, 8 bytes each, the rarest first.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["study_id", "number"], name="one_order_per_number")]

    def __str__(self) -> str:
        return f"order {self.number} of study {self.study_id}"


class ExplanationPair(models.Model):
    """Two of a text's rarest words, hashed: whoever copies the text with few changes keeps at least one such pair."""

    pk = models.CompositePrimaryKey("key", "text_id")
    key = models.BigIntegerField(help_text="Hash of the order and the two words.")
    text_id = models.BigIntegerField()
    n_words = models.PositiveSmallIntegerField(help_text="Of the whole text.")
    signature = models.BigIntegerField(help_text="Of the whole text: which of 64 classes its words fall into.")

    def __str__(self) -> str:
        return f"pair {self.key} of text {self.text_id}"


class ResponseSignals(models.Model):
    """The signals of one response (annotation/quality/catalogue.py), null where a signal cannot tell."""

    response_id = models.BigIntegerField(primary_key=True)
    study_id = models.BigIntegerField()
    stimulus_id = models.BigIntegerField()
    participation_id = models.BigIntegerField()
    revision = models.PositiveIntegerField(default=0)
    label = models.CharField(max_length=64, blank=True)
    text_id = models.BigIntegerField(null=True)
    # the closest earlier text: by the same person about another stimulus, and by another person; plain ids
    copied_from_self_id = models.BigIntegerField(null=True)
    copied_from_other_id = models.BigIntegerField(null=True)
    signals = models.JSONField(default=dict, help_text="signal -> number or null")
    computed_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "response signals"
        indexes = [
            models.Index(fields=["participation_id", "-response_id"], name="signals_of_person"),
            models.Index(fields=["text_id", "participation_id"], name="signals_of_text"),
            models.Index(fields=["stimulus_id"], name="signals_of_stimulus"),
            models.Index(fields=["study_id", "participation_id"], name="signals_of_study"),
        ]

    def __str__(self) -> str:
        return f"signals of {self.response_id}"


class PersonSignals(models.Model):
    """The signals of one person over her last answers."""

    participation_id = models.BigIntegerField(primary_key=True)
    study_id = models.BigIntegerField(db_index=True)
    signals = models.JSONField(default=dict)
    details = models.JSONField(default=dict, help_text="signal -> what its page shows beside the number")
    n_answers = models.PositiveIntegerField(default=0, help_text="Signals computed so far, when this was counted.")
    computed_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "person signals"

    def __str__(self) -> str:
        return f"signals of participation {self.participation_id}"


class QualityRule(models.Model):
    """What the researcher looks out for, and what shall follow. Any change makes a new version, untried and off."""

    REVIEW, PAUSE, REPLACE, BAN = "review", "pause", "replace", "ban"
    ACTIONS = [(action, action) for action in (REVIEW, PAUSE, REPLACE, BAN)]

    study = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="quality_rules")
    name = models.CharField(max_length=120)
    version = models.PositiveIntegerField(default=1)
    definition = models.JSONField(help_text="annotation/quality/grammar.py")
    action = models.CharField(max_length=8, choices=ACTIONS, default=REVIEW)
    message = models.TextField(help_text="What the person reads.")
    is_on = models.BooleanField(default=False)
    removed_at = models.DateTimeField(null=True, blank=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return self.name


class RuleTrial(models.Model):
    """A version of a rule tried on past responses: the work is a job, and its result is kept."""

    rule = models.ForeignKey(QualityRule, on_delete=models.CASCADE, related_name="trials")
    version = models.PositiveIntegerField()
    job = models.OneToOneField(Job, null=True, on_delete=models.SET_NULL, related_name="+")
    result = models.JSONField(null=True, help_text="annotation/quality/trial.py; null until the job is done")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"trial of rule {self.rule_id}, version {self.version}"


class QualityFlag(models.Model):
    """Something for a person to look at: what a rule found, or what somebody asks about a decision on her."""

    OPEN, DECIDED = "open", "decided"
    STATES = [(OPEN, "Open"), (DECIDED, "Decided")]

    study = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="quality_flags")
    participation = models.ForeignKey(Participation, on_delete=models.CASCADE, related_name="quality_flags")
    response = models.ForeignKey(Response, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    rule = models.ForeignKey(QualityRule, null=True, blank=True, on_delete=models.CASCADE, related_name="flags")
    rule_version = models.PositiveIntegerField(default=0)
    found = models.JSONField(default=list, help_text="The rule's conditions that held, each with the value found.")
    appeal = models.TextField(blank=True, help_text="The person's own words, where she asks.")
    state = models.CharField(max_length=8, choices=STATES, default=OPEN)
    is_due = models.BooleanField(default=False, help_text="What the rule asks for is still to be done.")
    created_at = models.DateTimeField(auto_now_add=True)
    decided_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            # a response is flagged once by a rule, and a person not again while a human has yet to look
            models.UniqueConstraint(
                fields=["rule", "response"], name="one_flag_per_response", condition=models.Q(response__isnull=False)
            ),
            models.UniqueConstraint(
                fields=["rule", "participation"],
                name="one_open_flag_per_person",
                condition=models.Q(response__isnull=True, state="open", rule__isnull=False),
            ),
        ]
        indexes = [
            models.Index(fields=["study", "state", "-id"], name="flags_newest"),
            models.Index(fields=["id"], name="flags_due", condition=models.Q(is_due=True)),
        ]

    def __str__(self) -> str:
        return f"flag {self.pk} ({self.state})"


class QualityDecision(models.Model):
    """One act on a response or a person, by a rule or by somebody who looked. Undoing one is another row."""

    ACCEPT, SET_ASIDE, REPLACE, RESTORE = "accept", "set_aside", "replace", "restore"
    PAUSE, BAN, RESUME = "pause", "ban", "resume"
    ACTIONS = [(action, action) for action in (ACCEPT, SET_ASIDE, REPLACE, RESTORE, PAUSE, BAN, RESUME)]

    study = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="quality_decisions")
    participation = models.ForeignKey(Participation, on_delete=models.CASCADE, related_name="quality_decisions")
    response = models.ForeignKey(Response, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    flag = models.ForeignKey(QualityFlag, null=True, blank=True, on_delete=models.CASCADE, related_name="decisions")
    action = models.CharField(max_length=9, choices=ACTIONS)
    reason = models.TextField(blank=True)
    # whether the stimulus wants one response less because of this, so that undoing it can give it back
    lowered_wanted = models.BooleanField(default=False)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-pk"]
        indexes = [
            models.Index(fields=["study", "-id"], name="decisions_newest"),
            models.Index(fields=["participation", "-id"], name="decisions_of_person"),
        ]

    def __str__(self) -> str:
        return f"{self.action} ({self.pk})"


class PersonMessage(models.Model):
    """What a person is told about her answers; she reads it on her pages, and may answer."""

    participation = models.ForeignKey(Participation, on_delete=models.CASCADE, related_name="messages")
    flag = models.ForeignKey(QualityFlag, null=True, blank=True, on_delete=models.CASCADE, related_name="messages")
    rule = models.ForeignKey(QualityRule, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    act = models.CharField(max_length=9, help_text="review, or the decision's action.")
    text = models.TextField()
    n_answers = models.PositiveIntegerField(default=1, help_text="Answers it speaks of; 0 = her part as a whole.")
    created_at = models.DateTimeField(auto_now_add=True)
    read_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-pk"]
        indexes = [models.Index(fields=["participation", "-id"], name="messages_of_person")]

    def __str__(self) -> str:
        return f"message {self.pk} to {self.participation_id}"

    def as_dict(self) -> dict[str, Any]:
        return {
            "id": self.pk,
            "act": self.act,
            "text": self.text,
            "n_answers": self.n_answers,
            "created_at": self.created_at,
            "is_read": self.read_at is not None,
        }
