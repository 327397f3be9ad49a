"""The form of machine-written texts after an answer. What is allowed the services decide."""

from typing import Any

from django import forms

from annotation.machine_texts.options import MOST_HELD_OUT, VARIANTS, MachineTextOptions
from modelserve.variants import VARIANTS as SPEAKING

CONSENT_SENTENCE = (
    "After some of your answers you may be shown a sentence that a computer program wrote about the same image, marked "
    "as such, and asked how plausible you find it; you need not rate it. Whether you are shown any is drawn by lot, "
    "so that we can see whether reading such sentences changes what people answer. Your ratings are kept with your "
    "answers and leave with them."
)


class MachineTextForm(forms.Form):
    """held_out_percent: whole per cent, since that is how people think of it."""

    is_on = forms.BooleanField(
        required=False,
        label="After each answer, show what the network wrote for the same feeling, and ask how plausible it is",
        help_text="Only after an answer is saved, never before. Passing it over costs nothing, and nobody waits: "
        "the texts are written ahead, and where there is none yet, nothing is shown.",
    )
    people_are_told = forms.BooleanField(
        required=False,
        label="Consent and instructions tell people of it",
        help_text="Write it into the consent text before you switch this on; below is a sentence that you may use.",
    )
    held_out_percent = forms.IntegerField(
        min_value=0,
        max_value=round(100 * MOST_HELD_OUT),
        label="People who are held out, in per cent",
        help_text="Drawn by lot, once per person, at her first text. They are shown none, so that the others' later "
        "answers can be compared with theirs. Half sees most; with none held out nothing can be said of the effect. It "
        "stands once the first person was drawn.",
    )
    variant = forms.ChoiceField(
        label="How the network speaks",
        choices=[(name, f"{SPEAKING[name].title}: {SPEAKING[name].meaning}") for name in VARIANTS],
        widget=forms.RadioSelect,
        help_text="Both are told the feeling that the person chose. The second needs a listener that is served.",
    )
    only_unlearned = forms.BooleanField(
        required=False,
        label="Only images that the network did not learn from",
        help_text="About a tenth of the images. On others it may repeat what people wrote.",
    )

    @classmethod
    def initial_of(cls, options: MachineTextOptions) -> dict[str, Any]:
        return {**options.as_json(), "held_out_percent": round(100 * options.held_out_share)}

    def changes(self) -> dict[str, Any]:
        given = dict(self.cleaned_data)
        given["held_out_share"] = given.pop("held_out_percent") / 100
        return given

    def add_errors(self, errors: dict[str, list[str]], otherwise: str) -> None:
        """The service's refusal beside the fields it speaks of."""
        for name, sentences in (errors or {"": [otherwise]}).items():
            field = "held_out_percent" if name == "held_out_share" else name
            for sentence in sentences:
                self.add_error(field if field in self.fields else None, sentence)
