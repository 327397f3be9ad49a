"""What a person chooses before a network learns, and the rule by which it learns again."""

from typing import Any

from django import forms

from analysis.network_metrics import METRICS
from analysis.retrain_policy import RetrainPolicy
from modelserve.errors import BadTrainingOption
from modelserve.options import (
    LSTM,
    SMALL_CONV,
    TASKS,
    TEXT_FROM_SCRATCH,
    TRANSFORMERS_PREFIX,
    describe_options,
    parse_options,
)
from modelserve.services.device_budget import MOST_MINUTES

NEVER = ""
ENCODER_NAME_CHARACTERS = 300

# defaults and ranges stand in one table, so that page, API and command say the same
PROMOTION_CHOICES = [(metric.name, metric.title) for metric in METRICS]
_TRAINING = {row["name"]: row for row in describe_options("text_emotion")}


class TrainForm(forms.Form):
    """Becomes the options of modelserve/options; what is not asked here keeps its default."""

    task = forms.ChoiceField(
        label="What shall it learn?",
        choices=[(task.name, task.title) for task in TASKS.values()],
        initial="image_emotion",
        widget=forms.RadioSelect,
        help_text=(
            "From an image, how many people feel what (it learns the whole distribution, not only the majority); from "
            "an explanation, which emotion its writer chose; to find the image that an explanation is about; or to "
            "write explanations itself, which are marked as machine-written wherever they are shown."
        ),
    )
    decoder = forms.ChoiceField(
        label="How a speaker writes",
        required=False,
        choices=[("lstm", "Show, Attend and Tell (an LSTM)"), ("transformer", "A transformer")],
        initial="lstm",
        help_text="Only for speakers. The first learns well from some hundred images; the second wants more.",
    )
    reader = forms.ChoiceField(
        label="How explanations are read",
        required=False,
        choices=[("lstm", "An LSTM"), ("transformer", "A transformer")],
        initial="lstm",
        help_text="Only from an explanation to its emotion. Both learn from nothing, in minutes.",
    )
    heads = forms.CharField(
        label="Numbers that it learns as well",
        required=False,
        max_length=ENCODER_NAME_CHARACTERS,
        help_text=(
            "Only for images, beside the emotions, separated by commas: a number of the images' metadata (valence, "
            "arousal), a step that gives numbers, or an attribute, as category:Person."
        ),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false", "autocapitalize": "none"}),
    )
    source_heads = forms.BooleanField(
        label="Let every source of images have outputs of its own",
        required=False,
        help_text=(
            "Only for images that come from several datasets; a picture from elsewhere is answered by the shared ones."
        ),
    )
    pretrained = forms.CharField(
        label="Pretrained encoder",
        required=False,
        max_length=ENCODER_NAME_CHARACTERS,
        help_text=(
            "Empty: a small network learns to see, or to read, from your study alone, within minutes on any machine. "
            "With some thousand images, better: the name of a vision model for the transformers library (fetched from "
            "its hub), or a folder on the server that holds one; for explanations, of a text encoder such as BERT. For "
            "a listener: the name or folder of a CLIP."
        ),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false", "autocapitalize": "none"}),
    )
    freeze_encoder = forms.BooleanField(
        label="Leave the pretrained encoder as it is",
        required=False,
        help_text="Only what stands on it learns. Right for little data, and much faster.",
    )
    epochs = forms.IntegerField(
        label="Epochs, at most",
        initial=_TRAINING["epochs"]["default"],
        min_value=_TRAINING["epochs"]["least"],
        max_value=_TRAINING["epochs"]["most"],
        help_text="Times it sees every stimulus. It stops by itself when stimuli held out get no better.",
    )
    seed = forms.IntegerField(
        label="Seed",
        initial=_TRAINING["seed"]["default"],
        min_value=_TRAINING["seed"]["least"],
        max_value=_TRAINING["seed"]["most"],
        help_text="The same seed on the same data gives the same network.",
    )

    samples_per_epoch = forms.IntegerField(
        label="Samples per epoch",
        initial=0,
        required=False,
        min_value=0,
        max_value=_TRAINING["samples_per_epoch"]["most"],
        help_text="Rows until it is validated and a checkpoint is kept; 0: all. The next epoch goes on where it ended.",
    )
    budget_minutes = forms.FloatField(
        label="Device-minutes, at most",
        initial=0,
        required=False,
        min_value=0,
        max_value=_TRAINING["budget_minutes"]["most"],
        help_text="When they are used up it ends cleanly and keeps its best epoch. 0: as long as it takes.",
    )
    promote_by = forms.ChoiceField(
        label="It answers if it is better by",
        required=False,
        choices=[("", "the usual measure of its kind"), *PROMOTION_CHOICES],
        help_text="On the same stimuli as the version that answers now. Measures of texts are for speakers only.",
    )

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if not self.errors:
            try:
                parse_options(cleaned["task"], self.options())
            except BadTrainingOption as error:
                raise forms.ValidationError(str(error)) from error
        return cleaned

    def options(self) -> dict[str, Any]:
        """Of the training; call it on a valid form."""
        given = self.cleaned_data
        options = {
            "epochs": given["epochs"],
            "seed": given["seed"],
            "samples_per_epoch": given["samples_per_epoch"] or 0,
            "budget_minutes": given["budget_minutes"] or 0.0,
        }
        if given["promote_by"]:
            options["promote_by"] = given["promote_by"]
        name = given["pretrained"].strip().removeprefix(TRANSFORMERS_PREFIX)
        if given["task"] == "speaker":
            options["decoder"] = given["decoder"] or "lstm"
        if given["task"] == "listener":
            options["clip"] = f"{TRANSFORMERS_PREFIX}{name}" if name else ""
            options["tune_clip"] = bool(name) and not given["freeze_encoder"]
        elif given["task"] in ("image_emotion", "speaker"):
            options["encoder"] = f"{TRANSFORMERS_PREFIX}{name}" if name else SMALL_CONV
            options["freeze_encoder"] = bool(name) and given["freeze_encoder"]
        elif given["task"] == "text_emotion":
            scratch = given["reader"] if given["reader"] in TEXT_FROM_SCRATCH else LSTM
            options["encoder"] = f"{TRANSFORMERS_PREFIX}{name}" if name else scratch
            options["freeze_encoder"] = bool(name) and given["freeze_encoder"]
        if given["task"] == "image_emotion":
            options["heads"], options["source_heads"] = given["heads"].strip(), given["source_heads"]
        return options


class RetrainForm(forms.Form):
    """The rule for one task; no rule = only by hand."""

    rule = forms.ChoiceField(
        label="Train again", required=False, choices=[(NEVER, "Only when somebody asks"), *RetrainPolicy.RULES]
    )
    number = forms.IntegerField(
        label="Number", required=False, min_value=0, help_text="Responses, hour of the day (UTC), or hours."
    )

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        rule, number = cleaned.get("rule", NEVER), cleaned.get("number")
        if rule == NEVER or "number" in self.errors:
            return cleaned
        least, most = RetrainPolicy.RANGES[rule]
        if number is None or not least <= number <= most:
            self.add_error("number", f"With this rule, give a number between {least:,} and {most:,}.")
        return cleaned


class LimitForm(forms.Form):
    """Device-minutes that a study's trainings may use in a day; empty = as many as they need."""

    minutes_per_day = forms.FloatField(
        label="Device-minutes per day",
        required=False,
        min_value=0,
        max_value=MOST_MINUTES,
        help_text="Of all trainings of this study together, per day (UTC). Empty or 0: no limit.",
    )
