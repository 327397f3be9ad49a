"""The forms of researchers and managers. They turn text into values; what is allowed is decided by the services."""

import json
from typing import Any

from django import forms

from annotation.models import Membership, Study
from annotation.study_templates import study_templates


class NewStudyForm(forms.Form):
    title = forms.CharField(max_length=200, help_text="People who take part see it.")
    template = forms.ChoiceField(
        widget=forms.RadioSelect, label="What is asked", help_text="You can change texts and numbers afterwards."
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(name, f"{row['title']}: {row['description']}") for name, row in study_templates().items()]
        self.fields["template"].choices = choices  # type: ignore[attr-defined]  # a ChoiceField, as above
        self.fields["template"].initial = choices[0][0]


class StepsField(forms.JSONField):
    """Steps as JSON; an error says where the JSON breaks off."""

    def to_python(self, value: Any) -> Any:
        if isinstance(value, str) and value.strip():
            try:
                return json.loads(value)
            except (ValueError, RecursionError) as error:
                raise forms.ValidationError(f"This is not JSON: {error}.") from error
        return super().to_python(value)

    def bound_data(self, data: Any, initial: Any) -> Any:
        """What somebody typed, unread: it is shown again as it is."""
        return data

    def prepare_value(self, value: Any) -> Any:
        """Steps as indented JSON; what somebody typed stays as she typed it."""
        return value if isinstance(value, str) else json.dumps(value, indent=2, ensure_ascii=False)


class StudyForm(forms.ModelForm):  # type: ignore[type-arg]  # django-stubs knows no runtime subscript
    """Everything about a study that its manager may change. Saving is the service's: update_study."""

    steps = StepsField(
        label="Steps, as JSON",
        required=False,
        widget=forms.Textarea(attrs={"class": "markdown", "rows": 18, "spellcheck": "false"}),
        help_text="A list of steps, each with name, kind and options, in the order in which they are asked.",
    )

    class Meta:
        model = Study
        fields = [
            "title",
            "description",
            "instructions",
            "consent",
            "wanted_responses",
            "lease_seconds",
            "order",
            "counterbalance_options",
            "entry",
            "completion_code",
            "steps",
        ]
        labels = {
            "wanted_responses": "Responses per image",
            "lease_seconds": "Seconds an image is held for a person",
            "order": "Order of the images",
            "counterbalance_options": "Show the options in another order to each person",
            "entry": "Who may take part",
            "consent": "Consent text",
        }
        help_texts = {
            "description": "Shown to people on the first page, above the consent text.",
            "instructions": "Markdown. Shown before the first image, and again on request.",
            "consent": "Markdown. Everyone agrees to it first; which wording she agreed to is kept with each answer. "
            "Where a network's words are shown after an answer, it must say so.",
            "wanted_responses": "Every image gets exactly so many, each from another person.",
            "lease_seconds": "After this time an unanswered image goes to somebody else. 1800 are 30 minutes.",
            "counterbalance_options": "One person always sees the same order; it is stored with each response.",
            "completion_code": "Shown at the end to whoever gave at least one answer, as proof for a panel.",
        }
        widgets = {
            "description": forms.Textarea(attrs={"rows": 3}),
            "instructions": forms.Textarea(attrs={"class": "markdown", "data-previewed": "instructions-preview"}),
            "consent": forms.Textarea(attrs={"class": "markdown", "data-previewed": "consent-preview"}),
            "order": forms.RadioSelect,
            "entry": forms.RadioSelect,
        }

    def __init__(self, *args: Any, steps_frozen: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if steps_frozen:
            del self.fields["steps"]
        else:
            self.initial["steps"] = self.instance.steps

    def changes(self) -> dict[str, Any]:
        """What update_study takes. An emptied steps field leaves the steps as they are."""
        cleaned = dict(self.cleaned_data)
        if not cleaned.get("steps"):
            cleaned.pop("steps", None)
        return cleaned

    def add_errors(self, errors: dict[str, list[str]], otherwise: str) -> None:
        """The service's refusal beside the fields it speaks of. Errors of a step ('step 2') belong to `steps`."""
        for field, sentences in (errors or {"": [otherwise]}).items():
            for sentence in sentences:
                if field in self.fields:
                    self.add_error(field, sentence)
                elif field.startswith("step") and "steps" in self.fields:
                    self.add_error("steps", f"{field}: {sentence}" if field != "steps" else sentence)
                else:
                    self.add_error(None, sentence)


class MultipleFileInput(forms.ClearableFileInput):
    allow_multiple_selected = True


class UploadForm(forms.Form):
    images = forms.FileField(
        required=False,
        label="Images, a zip of images, or a manifest",
        widget=MultipleFileInput(
            attrs={"multiple": True, "accept": "image/*,.zip,.csv,.tsv,.jsonl,.ndjson,.parquet", "data-upload": ""}
        ),
        help_text="JPEG, PNG, WebP, GIF, BMP or TIFF. A manifest is a table with a column path, url or name.",
    )
    folder = forms.FileField(
        required=False,
        label="Or a whole folder",
        widget=MultipleFileInput(attrs={"multiple": True, "webkitdirectory": True, "data-upload": ""}),
    )
    source_dataset = forms.CharField(
        required=False,
        max_length=120,
        label="Name of the data set they come from",
        help_text="Kept with every image; a manifest may name another one per row.",
    )


class MemberForm(forms.Form):
    user_name = forms.CharField(max_length=150, label="User name", help_text="The name the person signs in with.")
    role = forms.ChoiceField(
        choices=[
            (Membership.ANNOTATOR, "Annotator: takes part, where the study is open only to people you add"),
            (Membership.RESEARCHER, "Researcher: sees results, freezes snapshots, exports"),
            (Membership.MANAGER, "Manager: changes the study, its images and its people, trains networks"),
        ],
        initial=Membership.RESEARCHER,
        widget=forms.RadioSelect,
    )


class RemoveSimulatedForm(forms.Form):
    title = forms.CharField(label="To remove them, type the study's title")
