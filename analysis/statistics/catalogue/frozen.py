"""The figures that are computed from a frozen table when somebody asks."""

import math

from analysis.statistics.catalogue.statistic import Statistic
from analysis.statistics.scales.intraclass import ICC_FORMS

FROZEN: tuple[Statistic, ...] = (
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
        definition="Share of a stimulus's responses that chose the label, with the interval of the Dirichlet "
        "distribution of this label and all others together (Jeffreys' prior, half a response on each of the two).",
        source="Berger and Bernardo (1992); Brown, Cai and DasGupta (2001), Interval Estimation for a Binomial "
        "Proportion",
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
            low=-math.inf if form.averaged else -1,
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
