"""The figures that follow every response."""

from analysis.statistics.catalogue.statistic import Statistic
from analysis.statistics.ceiling import CEILING_FIGURES
from analysis.statistics.majority import MAJORITY_RULES

_SHARE_OF_STIMULI = "share of stimuli"

LIVE: tuple[Statistic, ...] = (
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
        name="chance_agreement",
        title="Agreement by chance",
        definition="The share of pairs of responses, drawn from all stimuli with at least two responses together, "
        "that chose the same label: what pairwise agreement would be if the stimulus did not matter.",
        source="Krippendorff (2011), Computing Krippendorff's Alpha-Reliability, section C: 1 - expected disagreement",
        unit="share of pairs",
        low=0,
        high=1,
    ),
    Statistic(
        name="gwet_ac1",
        title="Gwet's AC1",
        definition="Agreement beyond chance, where chance is that of people who choose at random when they do not "
        "know: it stays readable where nearly all responses chose one label, and alpha and kappa do not. The labels "
        "offered count, also those that nobody chose.",
        source="Gwet (2008), Computing inter-rater reliability and its variance in the presence of high agreement",
        unit="agreement beyond chance",
        low=-1,
        high=1,
    ),
    Statistic(
        name="label_alpha",
        title="Alpha per label",
        definition="Krippendorff's alpha of this label against all others together: whether people agree on where "
        "this feeling is, and where it is not.",
        source="Krippendorff (2011), Computing Krippendorff's Alpha-Reliability, section C, on two values",
        unit="agreement beyond chance",
        low=-1,
        high=1,
        members="label",
    ),
    Statistic(
        name="reliability_of_one",
        title="Reliability of one response",
        definition="How well one response to a stimulus tells another one: the covariance of two responses' label "
        "indicators, each 0 or 1, by their variance, both summed over labels.",
        source="Shrout and Fleiss (1979), ICC(1,1), on label indicators; Fleiss and Cohen (1973)",
        unit="reliability",
        low=-1,
        high=1,
    ),
    Statistic(
        name="split_half_reliability",
        title="Split-half reliability",
        definition="How well the label shares of half of a stimulus's responses tell those of the other half: the mean "
        "over all ways to split (in covariances, so it is exact), at the most common number of responses.",
        source="Spearman (1910), Correlation calculated from faulty data; Brown (1910)",
        unit="reliability",
        low=-1,
        high=1,
    ),
    Statistic(
        name="reliability_of_all",
        title="Reliability of all responses",
        definition="The split-half reliability stepped up to all responses of a stimulus (Spearman-Brown): how well "
        "the study's label shares would tell those of as many other people.",
        source="Spearman (1910), Correlation calculated from faulty data; Brown (1910)",
        unit="reliability",
        low=-1,
        high=1,
    ),
    *(
        Statistic(
            name=f"human_ceiling.{figure.name}",
            title=figure.title,
            definition=figure.definition,
            source="our own, after ArtEmis, emotional alignment; for every rule see the majority rules",
            unit=figure.unit,
            low=0,
            high=figure.high,
        )
        for figure in CEILING_FIGURES
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
    Statistic(
        name="mean_entropy_grassberger_nats",
        title="Mean entropy, corrected",
        definition="How spread out the labels of a stimulus are, averaged over the stimuli with at least two responses "
        "and corrected for having few responses: comparable between studies with different numbers of them.",
        source="Grassberger (2003), Entropy Estimates from Insufficient Samplings",
        unit="nats",
        low=-1,
        high=None,
    ),
    Statistic(
        name="mean_entropy_miller_madow_nats",
        title="Mean entropy after Miller and Madow",
        definition="Mean entropy plus (labels seen - 1) / (2 responses) per stimulus: the correction most often "
        "printed, which with few responses adds about half of what is missing.",
        source="Miller (1955), Note on the Bias of Information Estimates",
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
        name="polarity_mix",
        title="Mix of polarities",
        definition="Share of stimuli whose responses fall on exactly these of positive, negative, else.",
        source="ArtEmis, sec. 3; Affection, sec. 3",
        unit=_SHARE_OF_STIMULI,
        low=0,
        high=1,
        members="polarity mix",
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
    *(
        Statistic(
            name=f"majority_per_response.{rule.name}",
            title=f"Majorities per response: {rule.title.lower()}",
            definition="Stimuli whose majority label is this one, divided by all responses that chose it: how much of "
            f"a feeling is shared. A majority means: {rule.sentence[0].lower()}{rule.sentence[1:]}",
            source=f"ArtEmis, analysis code, strong majority per emotion; {rule.source}",
            unit="stimuli per response",
            low=0,
            high=1,
            members="label",
        )
        for rule in MAJORITY_RULES
    ),
)
