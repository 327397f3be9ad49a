"""When a study's network learns again by itself."""

from django.conf import settings
from django.db import models
from django.db.models import Q


class RetrainPolicy(models.Model):
    """One rule per study and task: by the number of new responses, by the hour of the day, or by hours passed."""

    RESPONSES, NIGHTLY, HOURS = "responses", "nightly", "hours"
    RULES = [
        (RESPONSES, "After every so many new responses"),
        (NIGHTLY, "Once a day, at this hour (UTC)"),
        (HOURS, "Every so many hours"),
    ]
    #: rule -> the least and the greatest number it takes
    RANGES = {RESPONSES: (1, 1_000_000), NIGHTLY: (0, 23), HOURS: (1, 24 * 30)}

    study_id = models.BigIntegerField()
    task = models.CharField(max_length=40, help_text="One of modelserve.options.TASKS.")
    rule = models.CharField(max_length=10, choices=RULES)
    number = models.PositiveIntegerField(help_text="Responses, hour of the day, or hours, as the rule says.")
    options = models.JSONField(default=dict, help_text="Of the training; missing ones get their default.")
    # counted from here: the last start, or the moment the rule was set
    last_n_responses = models.PositiveBigIntegerField(default=0)
    last_at = models.DateTimeField()
    trouble = models.TextField(blank=True, help_text="Why the last training could not be started, in a sentence.")
    set_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        verbose_name_plural = "retrain policies"
        constraints = [
            models.UniqueConstraint(fields=["study_id", "task"], name="one_retrain_policy_per_study_and_task"),
            models.CheckConstraint(
                condition=Q(rule="responses", number__gte=1)
                | Q(rule="nightly", number__lte=23)
                | Q(rule="hours", number__gte=1),
                name="retrain_number_fits_its_rule",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.task} of study {self.study_id}: {self.sentence}"

    @property
    def sentence(self) -> str:
        """The rule in words."""
        if self.rule == self.RESPONSES:
            return "after every new response" if self.number == 1 else f"after every {self.number:,} new responses"
        if self.rule == self.NIGHTLY:
            return f"every day at {self.number:02d}:00 UTC"
        return "every hour" if self.number == 1 else f"every {self.number} hours"
