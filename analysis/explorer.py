"""What the image explorer may be filtered and sorted by: allow-listed words, turned into conditions on stored facts."""

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from django import forms
from django.core.cache import caches
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db.models import BooleanField, F, FloatField, Func, Q, QuerySet, Value
from django.db.models.expressions import CombinedExpression
from django.db.models.functions import Cast
from django.db.models.lookups import GreaterThanOrEqual, LessThanOrEqual

from analysis.keyset import Key, Order
from analysis.models import BOTH_SIDES, ExplanationIndex, StimulusStatistics
from analysis.queries import SLOT_SECONDS
from analysis.search_words import search_query
from analysis.statistics import MAJORITY_RULES
from annotation.queries import cohorts_of

ANY = ""
SHARE_OF = "share:"  # followed by a label's id

_POSITIVE, _NEGATIVE, _ELSE = Q(n_positive__gt=0), Q(n_negative__gt=0), Q(n_else__gt=0)
MIXES: dict[str, tuple[str, Q]] = {
    "positive_and_negative": ("Positive and negative", _POSITIVE & _NEGATIVE),
    "mixed": (
        "At least two of positive, negative, else",
        (_POSITIVE & _NEGATIVE) | (_POSITIVE & _ELSE) | (_NEGATIVE & _ELSE),
    ),
    "only_positive": ("Only positive", _POSITIVE & ~_NEGATIVE & ~_ELSE),
    "only_negative": ("Only negative", _NEGATIVE & ~_POSITIVE & ~_ELSE),
    "only_else": ("Only something else", _ELSE & ~_POSITIVE & ~_NEGATIVE),
    "positive_negative_only": ("Positive and negative, nothing else", _POSITIVE & _NEGATIVE & ~_ELSE),
    "positive_else": ("Positive and something else", _POSITIVE & _ELSE & ~_NEGATIVE),
    "negative_else": ("Negative and something else", _NEGATIVE & _ELSE & ~_POSITIVE),
    "all_three": ("All three", _POSITIVE & _NEGATIVE & _ELSE),
    "has_positive": ("Something positive", _POSITIVE),
    "has_negative": ("Something negative", _NEGATIVE),
    "has_else": ("Something else among them", _ELSE),
}
#: the rules of statistics/majority.py in the database's words
_HAS_MAJORITY: dict[str, Q] = {
    "half_or_more": Q(top_share__gte=0.5),
    "unique_half_or_more": Q(top_share__gte=0.5, top_labels__len=1),
    "strict_majority": Q(top_share__gt=0.5),
    "unique_maximizer": Q(top_labels__len=1),
}
NO_MAJORITY = "none"
SIMULATED: dict[str, tuple[str, Q]] = {
    "no": ("Of people only", Q(n_simulated=0)),
    "some": ("Some simulated", Q(n_simulated__gt=0)),
    "only": ("All simulated", Q(n_simulated=F("n_responses"))),
}
_MORE = Key("n_responses", descending=True)
SORTS: dict[str, tuple[str, Order]] = {
    "newest": ("Newest answers", Order((Key("last_response_at", descending=True, is_moment=True),), nullable=True)),
    "agreement_high": ("Most agreement", Order((Key("agreement", descending=True), _MORE), nullable=True)),
    "agreement_low": ("Least agreement", Order((Key("agreement"), _MORE), nullable=True)),
    "entropy_high": ("Highest entropy", Order((Key("entropy_nats", descending=True),), nullable=True)),
    "entropy_low": ("Lowest entropy", Order((Key("entropy_nats"),), nullable=True)),
    "top_share": ("Largest share of one label", Order((Key("top_share", descending=True), _MORE), nullable=True)),
    "mixed": ("Most mixed feelings", Order((Key("both_sides", descending=True, expression=BOTH_SIDES), _MORE))),
    "responses": ("Most responses", Order((_MORE,))),
}
DEFAULT_SORT = "newest"
#: Counting further would cost more than the page; what is more is said to be more.
MOST_COUNTED = 10_000
COUNT_SECONDS = 30
NOT_A_SHARE = "Give a number from 0 to 1."
_IN_SHARE = [MinValueValidator(0, NOT_A_SHARE), MaxValueValidator(1, NOT_A_SHARE)]
#: (fields of a range, the stored fact); the order of the form
RANGES: tuple[tuple[str, str, str], ...] = (
    ("agreement", "agreement", "Agreement"),
    ("entropy", "entropy_nats", "Entropy (nats)"),
    ("top", "top_share", "Largest share"),
    ("responses", "n_responses", "Responses"),
)
#: shown at once; the others behind "More filters"
FIRST_FIELDS = ("word", "emotion", "source", "group", "mix", "sort")


class AnsweredWithin(Func):
    """Whether one of a stimulus's responses came in these spans of ten minutes: begin, and end that is not in it."""

    template = "exists (select from unnest(%(expressions)s) as slot where slot >= %(begin)d and slot < %(end)d)"
    output_field = BooleanField()


class MatchesWords(Func):
    """words @@ query: whether a stimulus's words fit a search."""

    template = "(%(expressions)s::tsquery)"
    arg_joiner = " @@ "
    output_field = BooleanField()


class ExplorerForm(forms.Form):
    """The explorer's state: all of it stands in the page's address. Give the study, its labels and its sources."""

    word = forms.CharField(label="Words in explanations", required=False, max_length=100, strip=True)
    emotion = forms.ChoiceField(label="Felt most", required=False)
    source = forms.ChoiceField(label="Source", required=False)
    group = forms.ChoiceField(label="Group", required=False)
    mix = forms.ChoiceField(label="Polarity", required=False)
    sort = forms.ChoiceField(label="Order", required=False)
    also_group = forms.ChoiceField(label="And answered by", required=False)
    said_with = forms.ChoiceField(label="Words said with", required=False)
    felt = forms.MultipleChoiceField(
        label="Felt by somebody, all of", required=False, widget=forms.CheckboxSelectMultiple
    )
    majority = forms.ChoiceField(label="Majority", required=False)
    simulated = forms.ChoiceField(label="Simulated", required=False)
    agreement_min = forms.FloatField(label="Agreement from", validators=_IN_SHARE, required=False)
    agreement_max = forms.FloatField(label="up to", validators=_IN_SHARE, required=False)
    entropy_min = forms.FloatField(label="Entropy (nats) from", min_value=0, required=False)
    entropy_max = forms.FloatField(label="up to", min_value=0, required=False)
    top_min = forms.FloatField(label="Largest share from", validators=_IN_SHARE, required=False)
    top_max = forms.FloatField(label="up to", validators=_IN_SHARE, required=False)
    responses_min = forms.IntegerField(label="Responses from", min_value=1, max_value=100_000, required=False)
    responses_max = forms.IntegerField(label="up to", min_value=1, max_value=100_000, required=False)
    answered_from = forms.DateTimeField(label="Answered from (UTC)", required=False)
    answered_before = forms.DateTimeField(label="and before", required=False)
    share_of = forms.ChoiceField(label="Share of", required=False)
    share_min = forms.FloatField(label="from", validators=_IN_SHARE, required=False)
    share_max = forms.FloatField(label="up to", validators=_IN_SHARE, required=False)

    def __init__(self, data: Any, study: Any, labels: Sequence[dict[str, Any]], sources: Sequence[str]) -> None:
        super().__init__(data, use_required_attribute=False)
        self.study_id = study.pk
        self.label_places = {label["id"]: place for place, label in enumerate(labels)}
        names = [(label["id"], label["name"]) for label in labels]
        any_label = [(ANY, "Any"), *names]
        for name in ("emotion", "said_with", "share_of"):
            self._choices(name, any_label)
        self._choices("felt", names)
        self._choices("mix", [(ANY, "Any"), *((key, title) for key, (title, _) in MIXES.items())])
        self._choices(
            "majority",
            [
                (ANY, "Any"),
                *((rule.name, rule.title) for rule in MAJORITY_RULES),
                (NO_MAJORITY, "Several equally often"),
            ],
        )
        self._choices("simulated", [(ANY, "Any"), *((key, title) for key, (title, _) in SIMULATED.items())])
        self._choices("source", [(ANY, "Any"), *((source, source) for source in sources)])
        groups = [(group, group) for group in cohorts_of(study)]
        for name in ("group", "also_group"):
            self._choices(name, [(ANY, "Any"), *groups])
        by_share = [(f"{SHARE_OF}{label_id}", f"Largest share of {name}") for label_id, name in names]
        self._choices("sort", [*((key, title) for key, (title, _) in SORTS.items()), *by_share])
        self._leave_out(labels, sources)
        self.fields["word"].widget.attrs.update({"type": "search", "autocomplete": "off", "spellcheck": "false"})
        for name, field in self.fields.items():
            if isinstance(field, forms.DateTimeField):
                field.widget = forms.DateTimeInput({"type": "datetime-local", "step": SLOT_SECONDS}, "%Y-%m-%dT%H:%M")
                field.error_messages["invalid"] = "Give a day and a time, such as 2026-03-01T09:00."
            if isinstance(field, forms.FloatField):
                field.widget.attrs.update({"step": "any", "min": "0", "inputmode": "decimal"})
                if not name.startswith("entropy"):
                    field.error_messages["invalid"] = NOT_A_SHARE
                    field.widget.attrs["max"] = "1"
        self.fields["sort"].initial = DEFAULT_SORT

    def _choices(self, name: str, choices: Sequence[tuple[str, str]]) -> None:
        field = self.fields[name]
        if isinstance(field, forms.ChoiceField):
            field.choices = choices

    def _leave_out(self, labels: Sequence[dict[str, Any]], sources: Sequence[str]) -> None:
        """A filter that cannot tell anything apart in this study is not offered."""
        idle: set[str] = set()
        if not all(label["polarity"] for label in labels):
            idle |= {"mix"}
        if not labels:
            kept = ("word", "source", "group", "also_group", "sort", "simulated", "answered_from", "answered_before")
            idle |= {name for name in self.fields if name not in kept}
            idle -= {"responses_min", "responses_max"}
        if len(sources) < 2:
            idle |= {"source"}
        if len(list(self.fields["group"].choices)) < 2:  # type: ignore[attr-defined]  # a ChoiceField
            idle |= {"group", "also_group"}
        for name in idle:
            del self.fields[name]

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        for name in (*(name for name, _, _ in RANGES), "share"):
            low, high = cleaned.get(f"{name}_min"), cleaned.get(f"{name}_max")
            if low is not None and high is not None and low > high:
                self.add_error(f"{name}_max", f"Give at least {low:g}, the lower end, or make that smaller.")
        begin, end = cleaned.get("answered_from"), cleaned.get("answered_before")
        if begin and end and begin >= end:
            self.add_error("answered_before", "Give a later moment than the first one.")
        asks_share = cleaned.get("share_min") is not None or cleaned.get("share_max") is not None
        if asks_share and not cleaned.get("share_of") and "share_of" in self.fields:
            self.add_error("share_of", "Choose whose share is meant.")
        if cleaned.get("word") and not search_query(cleaned["word"]):
            self.add_error("word", "Give a word: letters or digits; a * at its end stands for any ending.")
        return cleaned

    @property
    def is_filtering(self) -> bool:
        """Whether anything but the order was asked for."""
        return any(value not in (None, ANY, []) for name, value in self.cleaned_data.items() if name != "sort")

    @property
    def opens_more(self) -> bool:
        """Whether a filter behind 'More filters' is at work, or wrong."""
        hidden = [name for name in self.fields if name not in FIRST_FIELDS]
        return any(self.data.get(name) for name in hidden) or any(name in self.errors for name in hidden)

    @property
    def first_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in FIRST_FIELDS if name in self.fields]

    @property
    def more_groups(self) -> list[list[forms.BoundField]]:
        """The filters behind 'More filters'; both ends of a range stand together."""
        groups: list[list[forms.BoundField]] = []
        for name in self.fields:
            if name in FIRST_FIELDS:
                continue
            if groups and name.endswith(("_max", "_before") if not name.startswith("share") else ("_min", "_max")):
                groups[-1].append(self[name])
            else:
                groups.append([self[name]])
        return groups

    @property
    def sorted_by(self) -> str:
        return str(self.cleaned_data.get("sort") or DEFAULT_SORT)

    @property
    def order(self) -> Order:
        if self.sorted_by.startswith(SHARE_OF):
            place = self.label_places[self.sorted_by.removeprefix(SHARE_OF)]
            return Order((Key("share", descending=True, expression=_share(place)), _MORE))
        return SORTS[self.sorted_by][1]

    def n_found(self, n_all: int) -> int:
        """How many stimuli fit, at most MOST_COUNTED + 1, which stands for more; at most half a minute old.

        n_all: how many the study has with a response, which is the answer where nothing is filtered.
        """
        if not self.is_filtering:
            return n_all
        asked = sorted((name, str(value)) for name, value in self.cleaned_data.items() if name != "sort")
        key = f"explorer/{self.study_id}/{hashlib.sha256(repr(asked).encode()).hexdigest()}"
        found = caches["local"].get(key)
        if found is None:
            found = self.stimuli()[: MOST_COUNTED + 1].count()
            caches["local"].set(key, found, COUNT_SECONDS)
        return int(found)

    def stimuli(self) -> QuerySet[StimulusStatistics]:
        """The stimuli that fit, not yet ordered; of a valid form."""
        asked = self.cleaned_data
        rows = StimulusStatistics.objects.filter(
            study_id=self.study_id, n_responses__gte=asked.get("responses_min") or 1
        )
        if asked.get("emotion"):
            rows = rows.filter(top_labels__contains=[self.label_places[asked["emotion"]]])
        for label in asked.get("felt") or []:
            rows = rows.filter(**{f"counts__{self.label_places[label]}__gt": 0})
        if asked.get("mix"):
            rows = rows.filter(MIXES[asked["mix"]][1])
        if asked.get("majority") == NO_MAJORITY:
            rows = rows.filter(top_labels__len__gt=1)
        elif asked.get("majority"):
            rows = rows.filter(_HAS_MAJORITY[asked["majority"]])
        if asked.get("simulated"):
            rows = rows.filter(SIMULATED[asked["simulated"]][1])
        for name, fact, _ in RANGES:
            if asked.get(f"{name}_min") is not None:
                rows = rows.filter(**{f"{fact}__gte": asked[f"{name}_min"]})
            if asked.get(f"{name}_max") is not None:
                rows = rows.filter(**{f"{fact}__lte": asked[f"{name}_max"]})
        if asked.get("share_of"):
            share = _share(self.label_places[asked["share_of"]])
            if asked.get("share_min") is not None:
                rows = rows.filter(GreaterThanOrEqual(share, asked["share_min"]))
            if asked.get("share_max") is not None:
                rows = rows.filter(LessThanOrEqual(share, asked["share_max"]))
        rows = self._answered(rows)
        found_by = self._found_by()
        return rows.filter(stimulus_id__in=found_by.values("stimulus_id")) if found_by is not None else rows

    def _answered(self, rows: QuerySet[StimulusStatistics]) -> QuerySet[StimulusStatistics]:
        """Those with a response in the span of time, in whole ten minutes: spans that are cut are in it."""
        begin, end = self.cleaned_data.get("answered_from"), self.cleaned_data.get("answered_before")
        first = max(int(begin.timestamp()) // SLOT_SECONDS, 0) if begin else 0  # nobody answered before 1970
        if first:  # by an index; without an end it is all that is asked
            rows = rows.filter(last_response_at__gte=datetime.fromtimestamp(first * SLOT_SECONDS, UTC))
        if end:
            after = -(-int(end.timestamp()) // SLOT_SECONDS)
            rows = rows.filter(AnsweredWithin(F("slots"), begin=first, end=after))
        return rows

    def _found_by(self) -> QuerySet[ExplanationIndex] | None:
        asked = self.cleaned_data
        rows = ExplanationIndex.objects.filter(study_id=self.study_id)
        if asked.get("source"):
            rows = rows.filter(source=asked["source"])
        if groups := [asked[name] for name in ("group", "also_group") if asked.get(name)]:
            rows = rows.filter(cohorts__contains=groups)
        if asked.get("word"):
            query = search_query(asked["word"], asked.get("said_with") or "")
            rows = rows.filter(MatchesWords(F("words"), Value(query)))
        return rows if any(asked.get(name) for name in ("source", "group", "also_group", "word")) else None


def _share(place: int) -> CombinedExpression:
    """A label's share of a stimulus's responses; in floating point, as an address gives it back."""
    return Cast(F(f"counts__{place}"), FloatField()) / Cast(F("n_responses"), FloatField())
