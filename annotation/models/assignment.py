"""A slot of a stimulus, lent to a participation."""

from django.db import models

from annotation.models.annotator import Participation
from annotation.models.stimulus import Stimulus
from annotation.models.study import Study


class Assignment(models.Model):
    LEASED, ANSWERED, SURPLUS = "leased", "answered", "surplus"
    SKIPPED, EXPIRED, WITHDRAWN = "skipped", "expired", "withdrawn"
    STATES = [(state, state) for state in (LEASED, ANSWERED, SURPLUS, SKIPPED, EXPIRED, WITHDRAWN)]
    HOLDING_A_SLOT = (LEASED, ANSWERED)  # the trigger of migration 0002 says the same

    # No constraints of their own: the triggers of migration 0004 keep that stimulus and participation exist, are of
    # this study, and stay; a foreign key would ask, and lock, once per row. The index of `stimulus` is that of the
    # constraint below; nobody looks assignments up by their study alone.
    study = models.ForeignKey(Study, on_delete=models.CASCADE, db_index=False, db_constraint=False)
    stimulus = models.ForeignKey(
        Stimulus, on_delete=models.CASCADE, related_name="assignments", db_index=False, db_constraint=False
    )
    participation = models.ForeignKey(
        Participation, on_delete=models.CASCADE, related_name="assignments", db_index=False, db_constraint=False
    )
    state = models.CharField(max_length=9, choices=STATES, default=LEASED)
    sequence = models.PositiveIntegerField(help_text="Place in the person's sequence of images, from 1.")
    leased_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    skip_reason = models.CharField(max_length=500, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["stimulus", "participation"], name="one_assignment_per_person_and_stimulus")
        ]
        indexes = [
            # With the stimulus behind it, or a planner without statistics might prefer it to the constraint's where
            # one pair is looked up, and read all that the person has had.
            models.Index(fields=["participation", "stimulus"], name="assignments_of_person"),
            # the person's held assignments, and the leases that run out
            models.Index(fields=["participation", "sequence"], name="held", condition=models.Q(state="leased")),
            models.Index(fields=["expires_at"], name="leases", condition=models.Q(state="leased")),
        ]

    def __str__(self) -> str:
        return f"stimulus {self.stimulus_id} for {self.participation_id} ({self.state})"
