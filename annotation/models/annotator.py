"""Who answers: a pseudonym everywhere, a person in one table only."""

import secrets

from django.conf import settings
from django.db import models

from annotation.models.study import ConsentText, Study

# no vowels and no look-alikes: a pseudonym never spells a word and can be read out
ALPHABET = "bcdfghjkmnpqrstvwxz23456789"


def random_pseudonym() -> str:
    return "a-" + "".join(secrets.choice(ALPHABET) for _ in range(10))


def random_code() -> str:
    return "-".join("".join(secrets.choice(ALPHABET) for _ in range(5)) for _ in range(3)).upper()


def random_seed() -> int:
    return secrets.randbits(31)


def random_place() -> int:
    """A place in the ring of ranks: signed 63 bits."""
    return secrets.randbits(63)


class Annotator(models.Model):
    pseudonym = models.CharField(max_length=80, unique=True, default=random_pseudonym)
    is_simulated = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.pseudonym


class Identity(models.Model):
    """The person behind a pseudonym. Deleting the row leaves the pseudonym meaningless."""

    annotator = models.OneToOneField(Annotator, on_delete=models.CASCADE, related_name="identity")
    user = models.OneToOneField(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.CASCADE)
    email = models.EmailField(blank=True)
    panel = models.CharField(max_length=40, blank=True)
    panel_id = models.CharField(max_length=120, blank=True)

    class Meta:
        verbose_name_plural = "identities"
        constraints = [
            models.UniqueConstraint(
                fields=["panel", "panel_id"], name="one_annotator_per_panel_id", condition=~models.Q(panel_id="")
            )
        ]

    def __str__(self) -> str:
        return f"identity of {self.annotator_id}"


class Participation(models.Model):
    """An annotator in one study."""

    GOOD, PAUSED, BANNED = "good", "paused", "banned"
    STANDINGS = [(GOOD, "Good"), (PAUSED, "Paused"), (BANNED, "Banned")]
    NOT_ASKED, DUE, PASSED, FAILED = "", "due", "passed", "failed"
    PREPARATIONS = [(NOT_ASKED, "Not asked"), (DUE, "Due"), (PASSED, "Passed"), (FAILED, "Screened out")]

    study = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="participations")
    annotator = models.ForeignKey(Annotator, on_delete=models.RESTRICT, related_name="participations")
    consent = models.ForeignKey(ConsentText, on_delete=models.RESTRICT)
    language = models.CharField(max_length=12, default="en")
    cohort = models.CharField(max_length=60, blank=True)
    option_seed = models.PositiveIntegerField(default=random_seed)
    ring_place = models.BigIntegerField(default=random_place, help_text="Rank of the stimulus lent last.")
    next_sequence = models.PositiveIntegerField(default=1)
    # answers ever given: taking one back takes no progress and no pay away
    n_answered = models.PositiveIntegerField(default=0)
    n_withdrawn = models.PositiveIntegerField(default=0, db_default=0, help_text="Of the answers given, taken back.")
    n_skipped = models.PositiveIntegerField(default=0)
    care = models.JSONField(
        default=dict,
        db_default=models.Value({}, models.JSONField()),  # imports write rows without the ORM
        blank=True,
        help_text="What lending must know (annotation/care/lending.py).",
    )
    withdrawal_code = models.CharField(max_length=20, unique=True, default=random_code)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    standing = models.CharField(
        max_length=6,
        choices=STANDINGS,
        default=GOOD,
        db_default=GOOD,
        help_text="Who is paused or banned gets no new work.",
    )
    preparation = models.CharField(
        max_length=6,
        choices=PREPARATIONS,
        default=NOT_ASKED,
        db_default=NOT_ASKED,
        blank=True,
        help_text="How far she is with the study's practice (annotation/training).",
    )
    training = models.JSONField(
        default=dict,
        db_default=models.Value({}, models.JSONField()),
        blank=True,
        help_text="Tries at the questions; the way the practice ended.",
    )
    pace = models.JSONField(
        default=dict,
        db_default=models.Value({}, models.JSONField()),
        blank=True,
        help_text="How many answers she gave when, where the study limits them (annotation/services/caps.py).",
    )
    is_imported = models.BooleanField(
        default=False,
        db_default=False,
        help_text="Came with a snapshot: whoever brought it in may not learn who she is, nor have her forgotten.",
    )
    reserved = models.PositiveSmallIntegerField(
        default=0, db_default=0, help_text="Of the study's budget, promised to her and not used yet."
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["study", "annotator"], name="one_participation_per_person")]

    def __str__(self) -> str:
        return f"{self.annotator_id} in {self.study_id}"

    @property
    def n_standing(self) -> int:
        """Answers that are saved now: what may be said to the person."""
        return max(self.n_answered - self.n_withdrawn, 0)

    @property
    def may_get_work(self) -> bool:
        return self.standing == self.GOOD

    @property
    def is_prepared(self) -> bool:
        """Whether no practice stands between her and the first image."""
        return self.preparation in (self.NOT_ASKED, self.PASSED)
