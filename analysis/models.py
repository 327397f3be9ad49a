"""Computed results: jobs make them, pages read them. Ids of other apps' rows stand here as plain numbers.

Every table names its study, so that a study's results can be counted anew, or thrown away, without a look elsewhere.
"""

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models import F, Value
from django.db.models.functions import Cast, Least, NullIf
from django.utils import timezone

from analysis.retrain_policy import RetrainPolicy as RetrainPolicy
from analysis.statistics import DEFAULT_SEED

PACE_SLOT_MINUTES = 10


class ChangeMark(models.Model):
    """How far a reader has seen the responses' changes; locked by whoever brings statistics up to date."""

    RESPONSES = "responses"
    TOP_UP = "top_up"
    EXPLANATIONS = "explanations"

    name = models.CharField(max_length=40, primary_key=True)
    # a transaction snapshot in PostgreSQL's spelling (annotation.queries.changes_since); '' = nothing seen yet
    seen = models.TextField(blank=True)
    updated_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return f"{self.name}: {self.seen}"


class StudyStatistics(models.Model):
    """The figures of one study, and the sums that let them follow a change."""

    #: In place of the label set's hash: the last count failed, so the next change or recount counts everything.
    STALE = ""

    study_id = models.BigIntegerField(primary_key=True)
    labels_hash = models.CharField(max_length=64, help_text="Of the label set that was counted by; another one resets.")
    labels = models.JSONField(default=list, help_text="The label set: id, name, polarity, in order.")
    sums = models.BinaryField(null=True, help_text="AgreementSums; none where the study has no label step.")
    estimates = models.JSONField(default=dict, help_text="name -> {value, low, high, n, reason, note}")
    label_totals = models.JSONField(default=dict, help_text="label -> accepted responses")
    polarity_totals = models.JSONField(null=True, help_text="polarity -> accepted responses; null without polarities")
    n_responses = models.PositiveBigIntegerField(default=0, help_text="Accepted.")
    n_stimuli = models.PositiveBigIntegerField(default=0, help_text="With an accepted response.")
    n_annotators = models.PositiveBigIntegerField(default=0, help_text="With an accepted response.")
    n_simulated = models.PositiveBigIntegerField(default=0, help_text="Accepted and simulated.")
    n_surplus = models.PositiveBigIntegerField(default=0)
    n_withdrawn = models.PositiveBigIntegerField(default=0)
    as_of = models.DateTimeField()
    code_version = models.CharField(max_length=40)
    seed = models.PositiveBigIntegerField(default=DEFAULT_SEED)

    class Meta:
        verbose_name_plural = "study statistics"

    def __str__(self) -> str:
        return f"statistics of study {self.study_id}"

    @property
    def is_stale(self) -> bool:
        return self.labels_hash == self.STALE


#: The share of the rarer side where some felt something positive and others something negative: 0 to 0.5; null without
#: responses. In floating point, since an address holds it and must find the same number again.
BOTH_SIDES = Cast(Least(F("n_positive"), F("n_negative")), models.FloatField()) / Cast(
    NullIf(F("n_responses"), Value(0)), models.FloatField()
)


class StimulusStatistics(models.Model):
    """What is known of one stimulus: the facts for galleries, and who answered what for the next change.

    The three lists have one entry per accepted response, in the same order. They are what sums of people and of time
    are moved by: what a stimulus gave before is taken away, what it gives now is added.
    """

    stimulus_id = models.BigIntegerField(primary_key=True)
    study_id = models.BigIntegerField()
    stimulus_key = models.CharField(max_length=64)
    counts = ArrayField(models.IntegerField(), help_text="Accepted responses per label, in the label set's order.")
    participations = ArrayField(models.BigIntegerField())
    chosen = ArrayField(models.SmallIntegerField(), help_text="Index of the label; -1 = none.")
    slots = ArrayField(models.IntegerField(), help_text=f"Time of the response in {PACE_SLOT_MINUTES} minutes.")
    n_responses = models.PositiveIntegerField(help_text="Accepted.")
    n_simulated = models.PositiveIntegerField()
    n_surplus = models.PositiveIntegerField()
    n_withdrawn = models.PositiveIntegerField()
    agreement = models.FloatField(null=True, help_text="Share of pairs of responses that agree; null below two.")
    entropy_nats = models.FloatField(null=True)
    top_labels = ArrayField(models.SmallIntegerField(), help_text="The most frequent label; several in a tie.")
    top_share = models.FloatField(null=True)
    n_positive = models.PositiveIntegerField(default=0)
    n_negative = models.PositiveIntegerField(default=0)
    n_else = models.PositiveIntegerField(default=0)
    last_response_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name_plural = "stimulus statistics"
        indexes = [
            # the gallery's sorts; the id decides ties, so that equal values do not jump between pages
            models.Index(fields=["study_id", "stimulus_id"], name="stimulus_facts_of_study"),
            # among equals the one that more people answered tells more, at both ends
            models.Index(fields=["study_id", "agreement", "n_responses", "stimulus_id"], name="stimulus_by_agreement"),
            models.Index(
                fields=["study_id", "agreement", "-n_responses", "stimulus_id"], name="stimulus_by_disagreement"
            ),
            models.Index(fields=["study_id", "top_share", "n_responses", "stimulus_id"], name="stimulus_by_top_share"),
            models.Index(F("study_id"), BOTH_SIDES, F("n_responses"), F("stimulus_id"), name="stimulus_by_both_sides"),
            GinIndex(fields=["top_labels"], name="stimulus_by_top_labels"),
            models.Index(fields=["study_id", "entropy_nats", "stimulus_id"], name="stimulus_by_entropy"),
            models.Index(fields=["study_id", "last_response_at", "stimulus_id"], name="stimulus_by_newest"),
            models.Index(fields=["study_id", "n_responses", "stimulus_id"], name="stimulus_by_responses"),
        ]

    def __str__(self) -> str:
        return f"statistics of stimulus {self.stimulus_id}"


class ExplanationIndex(models.Model):
    """By what else a stimulus is found: the words of its accepted explanations, its source, its people's groups.

    Apart from `StimulusStatistics`, whose rows stay small for it; kept by `services/index_explanations.py`.
    """

    stimulus_id = models.BigIntegerField(primary_key=True)
    study_id = models.BigIntegerField()
    source = models.CharField(max_length=120, blank=True)
    cohorts = ArrayField(models.CharField(max_length=60), help_text="Of everybody whose response is accepted.")
    # analysis/search_words.py says what stands in it
    words = SearchVectorField()

    class Meta:
        verbose_name_plural = "explanation index"
        indexes = [
            models.Index(fields=["study_id", "source", "stimulus_id"], name="stimulus_by_source"),
            GinIndex(fields=["words"], name="stimulus_by_words"),
            GinIndex(fields=["cohorts"], name="stimulus_by_cohort"),
        ]

    def __str__(self) -> str:
        return f"words of stimulus {self.stimulus_id}"


class AnnotatorStatistics(models.Model):
    """What one person shares with the others on the images that she and they answered."""

    #: Agreement is summed in units of this, so that adding and taking away is exact.
    UNIT = 1e-9

    participation_id = models.BigIntegerField(primary_key=True)
    study_id = models.BigIntegerField()
    n_responses = models.PositiveIntegerField(help_text="Accepted.")
    label_counts = ArrayField(models.IntegerField())
    n_compared = models.PositiveIntegerField(help_text="Her labels on images that somebody else labelled, too.")
    agreement_units = models.BigIntegerField(help_text="Sum over these of the share of the others who agree.")
    agreement = models.FloatField(null=True, help_text="Mean over these; 0 to 1.")

    class Meta:
        verbose_name_plural = "annotator statistics"
        indexes = [
            models.Index(fields=["study_id", "participation_id"], name="annotator_facts_of_study"),
            models.Index(fields=["study_id", "agreement", "participation_id"], name="annotator_by_agreement"),
            models.Index(fields=["study_id", "n_responses", "participation_id"], name="annotator_by_responses"),
        ]

    def __str__(self) -> str:
        return f"statistics of participation {self.participation_id}"


class PaceSlot(models.Model):
    """How many accepted responses a study got within ten minutes."""

    study_id = models.BigIntegerField()
    slot = models.IntegerField(help_text=f"Number of {PACE_SLOT_MINUTES} minutes since 1970, UTC.")
    n_responses = models.PositiveIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["study_id", "slot"], name="one_row_per_study_and_slot")]

    def __str__(self) -> str:
        return f"study {self.study_id}, slot {self.slot}: {self.n_responses}"


class Recount(models.Model):
    """What the nightly recount of a study found. Wrong numbers have been replaced by the recounted ones."""

    study_id = models.BigIntegerField()
    is_equal = models.BooleanField()
    differences = models.JSONField(default=list, help_text="A sentence each; the first ones if there are many.")
    n_differences = models.PositiveIntegerField(default=0)
    n_responses = models.PositiveBigIntegerField()
    n_stimuli = models.PositiveBigIntegerField()
    seconds = models.FloatField()
    finished_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [models.Index(fields=["study_id", "-id"], name="recount_of_study")]

    def __str__(self) -> str:
        return f"recount of study {self.study_id}: {'equal' if self.is_equal else 'different'}"

    def as_dict(self) -> dict[str, Any]:
        return {
            "id": self.pk,
            "is_equal": self.is_equal,
            "n_differences": self.n_differences,
            "differences": self.differences,
            "n_responses": self.n_responses,
            "n_stimuli": self.n_stimuli,
            "seconds": self.seconds,
            "finished_at": self.finished_at,
        }


class LatentTruthResult(models.Model):
    """What one method of latent truth made of one snapshot: for comparison with the votes, never in their place.

    It holds no pseudonyms, so nothing of a person stays here when she takes her answers back.
    """

    study_id = models.BigIntegerField()
    snapshot_id = models.CharField(max_length=64)
    method = models.CharField(max_length=40, help_text="A name of analysis.statistics.latent.METHODS.")
    definition = models.JSONField(help_text="title, assumes, source, options and labels, as they were.")
    seed = models.PositiveBigIntegerField(null=True, help_text="None where nothing is random.")
    code_version = models.CharField(max_length=40)
    figures = models.JSONField(help_text="How many responses, how many stimuli it overrules, skills, iterations.")
    unlike_votes = models.JSONField(help_text="The stimuli on which it departs most from the votes, and why.")
    created_at = models.DateTimeField(auto_now=True)
    as_of = models.DateTimeField(default=timezone.now, help_text="As in AnalysisResult.")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["study_id", "snapshot_id", "method"], name="one_latent_truth_per_snapshot_and_method"
            )
        ]

    def __str__(self) -> str:
        return f"{self.method} on {self.snapshot_id[:12]}"


class AnalysisResult(models.Model):
    """What an analysis of `analysis.over_snapshots` found in one snapshot."""

    study_id = models.BigIntegerField()
    snapshot_id = models.CharField(max_length=64)
    name = models.CharField(max_length=40, help_text="A name of analysis.over_snapshots.ANALYSES.")
    options = models.JSONField(help_text="Every option, defaults filled in.")
    definition = models.JSONField(help_text="title, definition and source, as they were.")
    seed = models.PositiveBigIntegerField(null=True, help_text="None where nothing is random.")
    code_version = models.CharField(max_length=40)
    result = models.JSONField()
    created_at = models.DateTimeField(auto_now=True)
    # what is computed of an earlier snapshot, as for a report, is not what pages show of the study as it is
    as_of = models.DateTimeField(default=timezone.now, help_text="When the study was last known to be as the snapshot.")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["study_id", "name", "snapshot_id", "options"], name="one_result_per_snapshot_and_options"
            )
        ]
        indexes = [models.Index(fields=["study_id", "name", "-as_of"], name="analysis_as_of")]

    def __str__(self) -> str:
        return f"{self.name} on {self.snapshot_id[:12]}"


class PublicExplorer(models.Model):
    """What anybody may see of one frozen snapshot of a study; off until a manager switches it on."""

    study_id = models.BigIntegerField(primary_key=True)
    address = models.SlugField(max_length=80, unique=True, help_text="The end of /public/...")
    is_on = models.BooleanField(default=False)
    snapshot_id = models.CharField(max_length=64)
    settings = models.JSONField(default=dict, help_text="What is shown: analysis.public.make.PublicChoice, and robots.")
    # the folder in the storage; "" while it is being made
    location = models.CharField(max_length=120, blank=True)
    # withdrawals that were counted when the folder was made: another number hides it until it is made anew
    n_withdrawn = models.PositiveBigIntegerField(default=0)
    knows_mark = models.BooleanField(default=False, help_text="The snapshot was marked when the folder was made.")
    changed_by_id = models.BigIntegerField(null=True)
    changed_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return f"{self.address}: {'on' if self.is_on else 'off'}"


class JudgedStudy(models.Model):
    """A study in which people judge explanations of another one: whose texts, drawn how, by which job."""

    study_id = models.BigIntegerField(primary_key=True)
    source_id = models.BigIntegerField(help_text="The study whose images and texts are judged.")
    design = models.CharField(max_length=20, help_text="A name of analysis.judged.trials.DESIGNS.")
    seed = models.PositiveBigIntegerField()
    variants = models.JSONField(default=list)
    networks = models.JSONField(default=dict, help_text="{task: version} that wrote; empty: the texts came in a file.")
    job_id = models.BigIntegerField(null=True, unique=True, help_text="The job that made it makes no second one.")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name_plural = "judged studies"
        indexes = [models.Index(fields=["source_id", "-created_at"], name="judged_of_source")]

    def __str__(self) -> str:
        return f"study {self.study_id} judges texts about study {self.source_id}"
