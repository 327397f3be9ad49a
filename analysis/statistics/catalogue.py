"""Every statistic with all its facts in a row: pages, documentation and the API are made from this table."""

from dataclasses import dataclass

from analysis.statistics.majority import MAJORITY_RULES


@dataclass(frozen=True)
class Statistic:
    """One statistic as readers meet it.

    name: key in `AgreementSums.estimates()`; for a family the part before the member's name.
    members: what the members of a family are ('label' or 'polarity'); None for a single figure.
    unit, low, high: the range of the value; high None = the logarithm of the number of labels.
    """

    name: str
    title: str
    definition: str
    source: str
    unit: str
    low: float
    high: float | None
    members: str | None = None


_SHARE_OF_STIMULI = "share of stimuli"

STATISTICS: tuple[Statistic, ...] = (
    Statistic(
        name="krippendorff_alpha",
        title="Krippendorff's alpha",
        definition="Agreement beyond chance on all stimuli with at least two responses: "
        "1 = everyone agrees, 0 = as if by chance, below 0 = worse than chance.",
        source="Krippendorff (2011), Computing Krippendorff's Alpha-Reliability, section C, nominal",
        unit="agreement beyond chance",
        low=-1,
        high=1,
    ),
    Statistic(
        name="fleiss_kappa",
        title="Fleiss' kappa",
        definition="Agreement beyond chance on the stimuli that have the most common number of responses: "
        "1 = everyone agrees, 0 = as if by chance, below 0 = worse than chance.",
        source="Fleiss (1971), Measuring Nominal Scale Agreement Among Many Raters",
        unit="agreement beyond chance",
        low=-1,
        high=1,
    ),
    Statistic(
        name="pairwise_agreement",
        title="Pairwise agreement",
        definition="The share of pairs of responses to a stimulus that chose the same label, "
        "averaged over all stimuli with at least two responses.",
        source="Fleiss (1971), eq. 2, averaged over stimuli",
        unit="share of pairs",
        low=0,
        high=1,
    ),
    Statistic(
        name="mean_entropy_nats",
        title="Mean entropy",
        definition="How spread out the labels of a stimulus are, averaged over stimuli: 0 = always one label only; "
        "too low on average where a stimulus has few responses.",
        source="Shannon (1948), A Mathematical Theory of Communication, sec. 6",
        unit="nats",
        low=0,
        high=None,
    ),
    *(
        Statistic(
            name=f"majority.{rule.name}",
            title=f"Majority: {rule.title.lower()}",
            definition=f"Share of stimuli with a majority, which means: {rule.sentence[0].lower()}{rule.sentence[1:]}",
            source=rule.source,
            unit=_SHARE_OF_STIMULI,
            low=0,
            high=1,
        )
        for rule in MAJORITY_RULES
    ),
    Statistic(
        name="positive_and_negative",
        title="Positive and negative",
        definition="Share of stimuli with at least one positive and at least one negative response.",
        source="Affection, sec. 3; ArtEmis, sec. 3",
        unit=_SHARE_OF_STIMULI,
        low=0,
        high=1,
    ),
    Statistic(
        name="mixed_polarity",
        title="Mixed polarity",
        definition="Share of stimuli whose responses fall on at least two of positive, negative, else.",
        source="ArtEmis, sec. 3",
        unit=_SHARE_OF_STIMULI,
        low=0,
        high=1,
    ),
    Statistic(
        name="label_share",
        title="Responses per label",
        definition="Share of all responses that chose the label.",
        source="ArtEmis, sec. 3",
        unit="share of responses",
        low=0,
        high=1,
        members="label",
    ),
    Statistic(
        name="polarity_share",
        title="Responses per polarity",
        definition="Share of all responses that are positive, negative, else.",
        source="Affection, sec. 3",
        unit="share of responses",
        low=0,
        high=1,
        members="polarity",
    ),
    *(
        Statistic(
            name=f"majority_label.{rule.name}",
            title=f"Majority label: {rule.title.lower()}",
            definition="Among the stimuli with a majority, the share whose majority label is this one. "
            f"A majority means: {rule.sentence[0].lower()}{rule.sentence[1:]}",
            source=f"Affection, supplement, fig. 7; {rule.source}",
            unit="share of stimuli with a majority",
            low=0,
            high=1,
            members="label",
        )
        for rule in MAJORITY_RULES
    ),
)
