"""What people say about themselves, apart from what they answer; and that somebody was forgotten.

Nothing here is part of a response, a snapshot or an export. Answers are read as groups only
(annotation.queries: demographic_groups; demographic_partitions, for a job that compares groups).
"""

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from annotation.models.annotator import Participation
from annotation.models.study import Study


class DemographicSettings(models.Model):
    """Which questions a study asks about the person, when, and under which consent."""

    LEAST, USUAL, MOST = 5, 10, 1000
    BEFORE, AFTER = "before", "after"
    MOMENTS = [(BEFORE, "before"), (AFTER, "after")]

    study = models.OneToOneField(Study, on_delete=models.CASCADE, primary_key=True, related_name="demographics")
    is_on = models.BooleanField(default=False)
    moment = models.CharField(max_length=6, choices=MOMENTS, default=AFTER)
    questions = models.JSONField(default=list, help_text="annotation/people/questions.py")
    consent = models.TextField(blank=True, help_text="Markdown; a consent of its own.")
    least_group = models.PositiveSmallIntegerField(
        default=USUAL,
        validators=[MinValueValidator(LEAST), MaxValueValidator(MOST)],
        help_text="A group of fewer people is shown nowhere.",
    )

    class Meta:
        verbose_name_plural = "demographic settings"
        constraints = [
            models.CheckConstraint(name="groups_of_five_at_least", condition=models.Q(least_group__gte=5)),
        ]

    def __str__(self) -> str:
        return f"demographic questions of {self.study_id}"


class DemographicConsent(models.Model):
    """A wording somebody agreed to before she said something about herself. Never changed: a new one is a new row."""

    study = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="demographic_consents")
    hash = models.CharField(max_length=64)
    markdown = models.TextField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["study", "hash"], name="one_row_per_demographic_consent")]

    def __str__(self) -> str:
        return self.hash[:12]


class DemographicAnswers(models.Model):
    """What one person said about herself. No consent and no answers = she was asked and did not want to."""

    participation = models.OneToOneField(
        Participation, on_delete=models.CASCADE, primary_key=True, related_name="demographics"
    )
    consent = models.ForeignKey(DemographicConsent, null=True, on_delete=models.RESTRICT)
    answers = models.JSONField(default=dict, help_text="question -> option")
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name_plural = "demographic answers"

    def __str__(self) -> str:
        return f"demographics of {self.participation_id}"


class Erasure(models.Model):
    """That a person was forgotten: when, by whom and why. Never who it was, not even by pseudonym."""

    study = models.ForeignKey(Study, null=True, on_delete=models.SET_NULL, related_name="erasures")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, help_text="Empty: the person herself."
    )
    user_name = models.CharField(max_length=150, blank=True, help_text="As it was: accounts may be deleted later.")
    reason = models.CharField(max_length=300, blank=True)
    with_answers = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [models.Index(fields=["study", "-id"], name="erasures_of_study")]

    def __str__(self) -> str:
        return f"erasure {self.pk}"
