"""What a gallery may be filtered and sorted by: allow-listed words, turned into conditions on stored facts."""

from collections.abc import Callable, Sequence
from typing import Any

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db.models import ExpressionWrapper, F, FloatField, Q, QuerySet
from django.db.models.expressions import OrderBy

from analysis.models import StimulusStatistics

ANY = ""
SHARE_OF = "share:"  # followed by a label's id

_HAS = {"positive": Q(n_positive__gt=0), "negative": Q(n_negative__gt=0), "else": Q(n_else__gt=0)}
MIXES: dict[str, tuple[str, Q]] = {
    "positive_and_negative": ("Positive and negative", _HAS["positive"] & _HAS["negative"]),
    "mixed": (
        "At least two of the three",
        (_HAS["positive"] & _HAS["negative"]) | (_HAS["positive"] & _HAS["else"]) | (_HAS["negative"] & _HAS["else"]),
    ),
    "only_positive": ("Only positive", _HAS["positive"] & ~_HAS["negative"] & ~_HAS["else"]),
    "only_negative": ("Only negative", _HAS["negative"] & ~_HAS["positive"] & ~_HAS["else"]),
    "only_else": ("Only something else", _HAS["else"] & ~_HAS["positive"] & ~_HAS["negative"]),
}
Order = Callable[[], OrderBy]
SORTS: dict[str, tuple[str, Order]] = {
    "newest": ("Newest answers", lambda: F("last_response_at").desc(nulls_last=True)),
    "agreement_high": ("Most agreement", lambda: F("agreement").desc(nulls_last=True)),
    "agreement_low": ("Least agreement", lambda: F("agreement").asc(nulls_last=True)),
    "entropy_high": ("Highest entropy", lambda: F("entropy_nats").desc(nulls_last=True)),
    "entropy_low": ("Lowest entropy", lambda: F("entropy_nats").asc(nulls_last=True)),
    "responses": ("Most responses", lambda: F("n_responses").desc()),
}
DEFAULT_SORT = "newest"
NOT_A_SHARE = "Give a number from 0 to 1."
_IN_SHARE = [MinValueValidator(0, NOT_A_SHARE), MaxValueValidator(1, NOT_A_SHARE)]


class GalleryForm(forms.Form):
    """The gallery's state: all of it stands in the page's address. Give the study's labels."""

    emotion = forms.ChoiceField(label="Felt most", required=False)
    mix = forms.ChoiceField(label="Polarity", required=False)
    agreement_min = forms.FloatField(label="Agreement from", validators=_IN_SHARE, required=False)
    agreement_max = forms.FloatField(label="Agreement up to", validators=_IN_SHARE, required=False)
    responses_min = forms.IntegerField(label="Responses from", min_value=1, max_value=100_000, required=False)
    sort = forms.ChoiceField(label="Order", required=False)

    def __init__(self, data: Any, labels: Sequence[dict[str, Any]]) -> None:
        super().__init__(data, use_required_attribute=False)
        self.label_places = {label["id"]: place for place, label in enumerate(labels)}
        names = [(label["id"], label["name"]) for label in labels]
        has_polarity = any(label["polarity"] for label in labels)
        self._choices("emotion", [(ANY, "Any"), *names])
        self._choices("mix", [(ANY, "Any"), *((key, title) for key, (title, _) in MIXES.items())])
        self._choices(
            "sort",
            [
                *((key, title) for key, (title, _) in SORTS.items()),
                *((f"{SHARE_OF}{label_id}", f"Largest share of {name}") for label_id, name in names),
            ],
        )
        if not has_polarity:
            del self.fields["mix"]
        if not labels:
            for name in ("emotion", "agreement_min", "agreement_max"):
                del self.fields[name]
        for name in ("agreement_min", "agreement_max"):
            if name in self.fields:
                self.fields[name].error_messages["invalid"] = NOT_A_SHARE
                self.fields[name].widget.attrs.update({"step": "0.05", "min": "0", "max": "1"})
        self.fields["sort"].initial = DEFAULT_SORT

    def _choices(self, name: str, choices: Sequence[tuple[str, str]]) -> None:
        field = self.fields[name]
        if isinstance(field, forms.ChoiceField):
            field.choices = choices

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        low, high = cleaned.get("agreement_min"), cleaned.get("agreement_max")
        if low is not None and high is not None and low > high:
            self.add_error("agreement_max", f"Give at least {low:g}, the lower end, or make that smaller.")
        return cleaned

    @property
    def is_filtering(self) -> bool:
        """Whether anything but the order was asked for."""
        return any(value not in (None, ANY) for name, value in self.cleaned_data.items() if name != "sort")

    def stimuli(self, study_id: int) -> QuerySet[StimulusStatistics]:
        """The stimuli that fit, in the order asked for; of a valid form."""
        asked = self.cleaned_data
        rows = StimulusStatistics.objects.filter(study_id=study_id, n_responses__gte=asked.get("responses_min") or 1)
        if asked.get("emotion"):
            rows = rows.filter(top_labels__contains=[self.label_places[asked["emotion"]]])
        if asked.get("mix"):
            rows = rows.filter(MIXES[asked["mix"]][1])
        if asked.get("agreement_min") is not None:
            rows = rows.filter(agreement__gte=asked["agreement_min"])
        if asked.get("agreement_max") is not None:
            rows = rows.filter(agreement__lte=asked["agreement_max"])
        # the id as second key, or equal values jump between pages
        return rows.order_by(self._order(asked.get("sort") or DEFAULT_SORT), "stimulus_id")

    def _order(self, sort: str) -> OrderBy:
        if sort.startswith(SHARE_OF):
            place = self.label_places[sort.removeprefix(SHARE_OF)]
            share = ExpressionWrapper(F(f"counts__{place}") * 1.0 / F("n_responses"), output_field=FloatField())
            return share.desc()
        return SORTS[sort][1]()
