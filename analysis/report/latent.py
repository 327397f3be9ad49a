"""What methods that assume one true label would make of the votes: a comparison, never a result."""

from analysis.report.document import Column, Text
from analysis.report.draft import Draft

LATENT = "latent"


def write_latent(draft: Draft) -> None:
    draft.heading("Beside methods that assume one true label")
    methods = draft.evidence.value(LATENT)
    draft.say(
        "A feeling has no true label, and no figure of this report rests on one. For comparison with studies that use "
        f"such methods, Table {draft.next_table} says how far each departs from the votes: at how many stimuli it "
        "overrules the most frequent label, how many ties it decides, and how far its probabilities lie from the "
        "shares of the answers."
    )
    rows: list[list[Text]] = []
    for place, method in enumerate(methods):

        def of(*path: str | int, what: str, form: str = "count", place: int = place) -> Text:
            family = ["*", "figures", *path]
            return [draft.evidence.number(LATENT, place, "figures", *path, what=what, form=form, family=family)]

        name = str(method["title"]) + ("" if method["figures"]["converged"] else " (had not come to rest)")
        skill: Text = ["–"]
        if method["figures"]["skill_quartiles"]:
            skill = of("skill_quartiles", 1, what="median skill of the people, per method", form="percent")
        rows.append(
            [
                [name],
                of("n_overruled", what="stimuli whose most frequent label is overruled, per method"),
                of("n_tie_broken", what="ties decided, per method"),
                of("mean_divergence_nats", what="mean divergence from the votes (nats), per method", form="number3"),
                skill,
                [str(method["assumes"])],
            ]
        )
    draft.table(
        "Methods that assume one true label, beside the votes.",
        [
            Column("Method", 1.7),
            Column("Overrules", 1),
            Column("Decides ties", 1),
            Column("Divergence", 1.1),
            Column("Median skill", 1),
            Column("It assumes", 3.2, has_words=True),
        ],
        rows,
        note="Divergence: Jensen-Shannon, in nats, from 0 (the same shares) to 0.69 (nothing in common). Skill: the "
        "chance that an answer is what the method takes for the truth; it measures agreement, not truth.",
    )
