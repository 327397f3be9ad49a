"""Every statistic with all its facts in a row: pages, documentation and the API are made from this table."""

import math
from dataclasses import dataclass

from analysis.statistics.ceiling import CEILING_FIGURES
from analysis.statistics.majority import MAJORITY_RULES
from analysis.statistics.scales.intraclass import ICC_FORMS


@dataclass(frozen=True)
class Statistic:
    """One statistic as readers meet it.

    name: key in `AgreementSums.estimates()`; for a family the part before the member's name.
    members: what the members of a family are ('label', 'polarity' or 'polarity mix'); None for a single figure.
    unit, low, high: the range of the value; high None = no fixed end (for entropies: about the logarithm of the number
        of labels).
    live: it follows every response (`AgreementSums.estimates()`); others are computed from a frozen table when asked.
    """

    name: str
    title: str
    definition: str
    source: str
    unit: str
    low: float
    high: float | None
    members: str | None = None
    live: bool = True


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
    *(
        Statistic(
            name=f"krippendorff_alpha_{level}",
            title=f"Krippendorff's alpha, {level}",
            definition=f"Agreement beyond chance where near misses count less: {sentence}.",
            source=source,
            unit="agreement beyond chance",
            low=-1,
            high=1,
            live=False,
        )
        for level, sentence, source in (
            (
                "ordinal",
                "two grades are as far apart as there are ratings between them",
                "Krippendorff (2011), Computing Krippendorff's Alpha-Reliability, section D",
            ),
            (
                "interval",
                "by the squared difference of two numbers",
                "Krippendorff (2011), Computing Krippendorff's Alpha-Reliability, section D",
            ),
            (
                "ratio",
                "by the squared difference of two numbers relative to their sum",
                "Krippendorff (2011), Computing Krippendorff's Alpha-Reliability, section D",
            ),
            (
                "sets",
                "by how much two sets of labels overlap (MASI distance)",
                "Passonneau (2006), Measuring Agreement on Set-valued Items (MASI)",
            ),
        )
    ),
    Statistic(
        name="gwet_ac2",
        title="Gwet's AC2",
        definition="Gwet's AC1 with partial agreement: two grades that are near each other agree in part (linear, "
        "quadratic or ordinal weights, which are named beside it).",
        source="Gwet (2014), Handbook of Inter-Rater Reliability, 4th ed., sec. 4.4 and 5.4",
        unit="agreement beyond chance",
        low=-1,
        high=1,
        live=False,
    ),
    Statistic(
        name="cohen_kappa",
        title="Kappa of two annotators",
        definition="Agreement beyond chance of two annotators on the stimuli that both responded to, at least 20.",
        source="Cohen (1960), A Coefficient of Agreement for Nominal Scales; "
        "interval: Fleiss, Cohen and Everitt (1969)",
        unit="agreement beyond chance",
        low=-1,
        high=1,
        live=False,
    ),
    Statistic(
        name="convergence",
        title="Convergence",
        definition="What a figure would be with 2, 3, ... responses per stimulus, on the stimuli that have them all: "
        "exact for means over stimuli and reliability, from one seeded draw for alpha, kappa and AC1.",
        source="multivariate hypergeometric distribution; reliability: Spearman (1910), Brown (1910)",
        unit="(that of the figure)",
        low=-1,
        high=math.inf,
        live=False,
    ),
    Statistic(
        name="stimulus_share",
        title="Share at one stimulus",
        definition="Share of a stimulus's responses that chose the label, with the interval of a Dirichlet "
        "distribution under Jeffreys' prior (half a response per label).",
        source="Jeffreys (1946); Brown, Cai and DasGupta (2001), Interval Estimation for a Binomial Proportion",
        unit="share of responses",
        low=0,
        high=1,
        live=False,
    ),
    *(
        Statistic(
            name=f"icc_{form.name.replace(',', '_')}",
            title=f"Intraclass correlation ICC({form.name})",
            definition="How much of the spread of ratings lies between stimuli: of "
            f"{form.definition}. The interval is from F distributions.",
            source="Shrout and Fleiss (1979), Intraclass Correlations; McGraw and Wong (1996), table 7",
            unit="reliability",
            low=-1,
            high=1,
            live=False,
        )
        for form in ICC_FORMS.values()
    ),
    Statistic(
        name="kendall_w",
        title="Kendall's W",
        definition="How far several people put the same things into the same order, ties included: 1 = all alike, "
        "0 = no common order.",
        source="Kendall and Gibbons (1990), Rank Correlation Methods, 5th ed., sec. 6.10",
        unit="concordance",
        low=0,
        high=1,
        live=False,
    ),
    Statistic(
        name="bradley_terry",
        title="Strength from comparisons (Bradley-Terry)",
        definition="The logarithm of each thing's strength, mean 0: a difference of d means that one is preferred with "
        "a chance of 1 / (1 + exp(-d)). Not given where some things never lost or never won.",
        source="Bradley and Terry (1952), Rank Analysis of Incomplete Block Designs; Hunter (2004), MM Algorithms",
        unit="log strength",
        low=-math.inf,
        high=math.inf,
        live=False,
    ),
    Statistic(
        name="mean_region_overlap",
        title="Region overlap",
        definition="Intersection over union of two people's regions on a stimulus, averaged over pairs and stimuli.",
        source="Jaccard (1912), The distribution of the flora in the alpine zone",
        unit="overlap",
        low=0,
        high=1,
        live=False,
    ),
    Statistic(
        name="trace_concordance",
        title="Concordance of traces",
        definition="Lin's concordance of two people's traces over time in shape, level and spread, at the best lag "
        "allowed, averaged over pairs and stimuli.",
        source="Lin (1989), A Concordance Correlation Coefficient to Evaluate Reproducibility, eq. 2",
        unit="concordance",
        low=-1,
        high=1,
        live=False,
    ),
    *(
        Statistic(
            name=f"disagreement.{name}",
            title=f"Disagreement: {title}",
            definition=f"Of the chance that two people choose different labels at a stimulus, {sentence}.",
            source=source,
            unit="share of pairs",
            low=0,
            high=1,
            live=False,
        )
        for name, title, sentence, source in (
            (
                "ambiguity",
                "ambiguity of the stimulus",
                "what would be left if nobody lapsed and no two labels overlapped",
                "our own likelihood, after Erosheva, Fienberg and Lafferty (2004)",
            ),
            (
                "overlap",
                "overlap of labels",
                "what labels that are used for one another add",
                "our own likelihood, after Dawid and Skene (1979)",
            ),
            (
                "group",
                "groups",
                "what is there only since people of different groups answered",
                "Light and Margolin (1971), An Analysis of Variance for Categorical Data",
            ),
            (
                "habit",
                "habit",
                "the variance between people of a group in the labels they choose whatever they see",
                "Light and Margolin (1971), An Analysis of Variance for Categorical Data",
            ),
            (
                "noise",
                "noise",
                "the rest of what answers add that do not follow what is felt",
                "our own likelihood, after Dawid and Skene (1979)",
            ),
        )
    ),
    Statistic(
        name="lift",
        title="Lift of two labels",
        definition="How often two people choose these two labels at the same stimulus, by how often two people at "
        "different stimuli would: 1 = as by chance.",
        source="Church and Hanks (1990), Word Association Norms, Mutual Information, and Lexicography; p: Holm (1979)",
        unit="times chance",
        low=0,
        high=None,
        live=False,
    ),
    Statistic(
        name="dip",
        title="Dip of people's leanings",
        definition="How far people's places along the line on which they differ most are from a distribution with one "
        "top: types of people are told where it is larger than chance may make it.",
        source="Hartigan and Hartigan (1985), The Dip Test of Unimodality",
        unit="distance of distributions",
        low=0,
        high=0.25,
        live=False,
    ),
    Statistic(
        name="group_gap",
        title="Gap between two groups",
        definition="The mean of how often two people of either group agree, minus how often one of each does, over "
        "the images with two answers of both: 0 = it does not matter from which group the other person is.",
        source="Rao (1982), Diversity and Dissimilarity Coefficients; exchange of people: Prabhakaran et al. (2024)",
        unit="share of pairs",
        low=-1,
        high=1,
        live=False,
    ),
    Statistic(
        name="cross_kappa",
        title="Cross kappa",
        definition="Agreement between two groups beyond what their own favourite labels make happen by chance.",
        source="Wong, Paritosh and Aroyo (2021), Cross-replication Reliability",
        unit="agreement beyond chance",
        low=-1,
        high=1,
        live=False,
    ),
    Statistic(
        name="normalised_cross_kappa",
        title="Normalised agreement between groups",
        definition="Cross kappa by the geometric mean of both groups' own agreement beyond chance: 1 = the groups "
        "agree with each other as far as their own noise lets them; not defined where one agrees no better than by "
        "chance.",
        source="Wong, Paritosh and Aroyo (2021), Cross-replication Reliability",
        unit="times the groups' own agreement",
        low=-1,
        high=None,
        live=False,
    ),
    Statistic(
        name="share_difference",
        title="Difference of a label's share",
        definition="One side's share of a label minus the other's, mean over the images that both answered; its "
        "interval counts both who happened to answer and which images were asked.",
        source="Cameron, Gelbach and Miller (2011), Robust Inference With Multiway Clustering; Schuirmann (1987)",
        unit="share of answers",
        low=-1,
        high=1,
        live=False,
    ),
)
