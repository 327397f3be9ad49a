"""A study: what is asked about each stimulus, of whom, and in which state it is."""

import hashlib
from typing import Any

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from annotation.emotions import Label
from annotation.steps import Step, parse_steps


def own_language() -> list[str]:
    """What a new study offers: its own texts, in English."""
    return [settings.LANGUAGE_CODE]


class Study(models.Model):
    DRAFT, OPEN, PAUSED, CLOSED = "draft", "open", "paused", "closed"
    STATES = [(DRAFT, "Draft"), (OPEN, "Open"), (PAUSED, "Paused"), (CLOSED, "Closed")]
    RING, FINISH_FIRST = "ring", "finish_first"
    ORDERS = [
        (RING, "Everyone starts at another image (spreads order effects)"),
        (FINISH_FIRST, "Finish images one after another"),
    ]
    LINK, MEMBERS = "link", "members"
    ENTRIES = [(LINK, "Anyone with the link"), (MEMBERS, "Only people I add as annotators")]

    slug = models.SlugField(max_length=80, unique=True)
    title = models.CharField(max_length=200)
    description = models.TextField(blank=True)
    template = models.CharField(max_length=60)
    steps = models.JSONField(help_text="Ordered list of {name, kind, options}; frozen once the first response is in.")
    wanted_responses = models.PositiveSmallIntegerField(
        default=6, validators=[MinValueValidator(1), MaxValueValidator(1000)]
    )
    lease_seconds = models.PositiveIntegerField(
        default=1800, validators=[MinValueValidator(30), MaxValueValidator(86_400)]
    )
    order = models.CharField(max_length=12, choices=ORDERS, default=RING)
    counterbalance_options = models.BooleanField(default=False)
    entry = models.CharField(max_length=8, choices=ENTRIES, default=LINK)
    instructions = models.TextField(blank=True)
    consent = models.TextField(blank=True)
    state = models.CharField(max_length=6, choices=STATES, default=DRAFT)
    completion_code = models.CharField(max_length=40, blank=True)
    care = models.JSONField(
        default=dict, blank=True, help_text="What differs from the defaults of annotation/care/options.py."
    )
    training = models.JSONField(
        default=dict, blank=True, help_text="Questions and rules of the practice (annotation/training/options.py)."
    )
    limits = models.JSONField(
        default=dict, blank=True, help_text="Caps and the rate of attention checks (annotation/services/caps.py)."
    )
    top_up = models.JSONField(default=dict, blank=True, help_text="{least, most, width}; empty = every image alike.")
    machine_texts = models.JSONField(
        default=dict,
        blank=True,
        help_text="What a network wrote, after an answer (annotation/machine_texts/options.py).",
    )
    languages = models.JSONField(
        default=own_language,
        blank=True,
        help_text="The language of the texts below, then the others that people may choose.",
    )
    # withdrawals that had happened before a snapshot was imported, so that its id can be made again
    n_withdrawn_before = models.PositiveIntegerField(default=0, editable=False)
    is_demo = models.BooleanField(default=False)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL)
    created_at = models.DateTimeField(auto_now_add=True)
    opened_at = models.DateTimeField(null=True, blank=True)

    # set on the copy that is read in another language (annotation/languages.py); "" = the study's own
    text_language: str = ""
    offered_languages: list[tuple[str, str]] = []  # replaced, never changed
    texts: dict[str, str] = {}  # likewise: the standing translations by key

    class Meta:
        verbose_name_plural = "studies"
        ordering = ["-created_at", "-id"]

    def __str__(self) -> str:
        return self.title

    @property
    def is_open(self) -> bool:
        return self.state == self.OPEN

    @property
    def parsed_steps(self) -> list[Step]:
        """The steps with their kinds, in order."""
        return parse_steps(self.steps)

    @property
    def label_step(self) -> Step | None:
        """The first step whose answer is one label out of a set: what agreement is computed on."""
        return next((step for step in self.parsed_steps if step.labels is not None), None)

    @property
    def labels(self) -> list[Label]:
        """The label set of `label_step`; empty if the study has none."""
        step = self.label_step
        return step.labels or [] if step else []


class Membership(models.Model):
    """What a person with an account may do in one study (annotation/access.py)."""

    ANNOTATOR, RESEARCHER, MANAGER = "annotator", "researcher", "manager"
    ROLES = [(ANNOTATOR, "Annotator"), (RESEARCHER, "Researcher"), (MANAGER, "Manager")]

    study = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=10, choices=ROLES)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["study", "user"], name="one_role_per_person_and_study")]

    def __str__(self) -> str:
        return f"{self.user} is {self.role} of {self.study}"


class ConsentText(models.Model):
    """A consent text somebody agreed to. Never changed: a new wording is a new row."""

    study = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="consent_texts")
    hash = models.CharField(max_length=64)
    markdown = models.TextField()
    language = models.CharField(
        max_length=12, blank=True, default="", db_default="", help_text="Empty: the study's own."
    )
    created_at = models.DateTimeField(auto_now_add=True)
    superseded_at = models.DateTimeField(
        null=True, blank=True, help_text="Since when another wording stands: who agreed to this one is asked again."
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["study", "hash"], name="one_row_per_consent_text")]

    def __str__(self) -> str:
        return self.hash[:12]


def consent_hash(markdown: str) -> str:
    """sha256 of the consent's Markdown, as kept with each response."""
    return hashlib.sha256(markdown.encode()).hexdigest()


def label_set(study: Study) -> list[dict[str, Any]]:
    """The study's labels as plain rows."""
    return [dict(label) for label in study.labels]
