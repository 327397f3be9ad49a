"""What people share, in numbers: arrays in, estimates out. NumPy only, no Django.

>>> from analysis.statistics import count_labels, krippendorff_alpha
>>> counts = count_labels(stimulus_index=[0, 0, 1, 1, 2, 2], label_index=[0, 0, 1, 1, 0, 1], n_stimuli=3, n_labels=2)
>>> round(krippendorff_alpha(counts, n_resamples=0).value, 4)
0.4444
"""

from analysis.statistics.agreement import (
    fleiss_kappa,
    krippendorff_alpha,
    mean_entropy_nats,
    modal_responses,
    pairwise_agreement,
)
from analysis.statistics.annotator_pairs import AnnotatorPairs, cohen_kappas
from analysis.statistics.catalogue import STATISTICS, Statistic
from analysis.statistics.ceiling import CEILING_FIGURES, CeilingFigure
from analysis.statistics.convergence import CURVES, Curve, chance_corrected_convergence, convergence
from analysis.statistics.counts import LabelCounts, as_label_counts, count_labels
from analysis.statistics.dirichlet import share_intervals, stimulus_shares
from analysis.statistics.entropy import entropy_nats, grassberger_entropy_nats, miller_madow_entropy_nats
from analysis.statistics.estimate import Estimate
from analysis.statistics.groups import label_counts_of_groups, majority_label_of_stimuli, sums_by_group
from analysis.statistics.majority import MAJORITY_RULES, MajorityRule
from analysis.statistics.polarity import POLARITIES, POLARITY_MIXES, polarities_of
from analysis.statistics.resampling import DEFAULT_SEED, N_RESAMPLES
from analysis.statistics.shares import (
    label_shares,
    majority_label_shares,
    majority_shares,
    mixed_polarity_share,
    polarity_shares,
    positive_and_negative_share,
)
from analysis.statistics.stimulus_facts import StimulusFacts, stimulus_facts
from analysis.statistics.sums import AgreementSums
from analysis.statistics.sums_as_bytes import SumsMismatch
from analysis.statistics.weighted_agreement import (
    gwet_ac2,
    krippendorff_alpha_of,
    matrix_counts,
    rating_counts,
    set_counts,
)

__all__ = [
    "CEILING_FIGURES",
    "CURVES",
    "DEFAULT_SEED",
    "MAJORITY_RULES",
    "N_RESAMPLES",
    "POLARITIES",
    "POLARITY_MIXES",
    "STATISTICS",
    "AgreementSums",
    "AnnotatorPairs",
    "CeilingFigure",
    "Curve",
    "Estimate",
    "LabelCounts",
    "MajorityRule",
    "Statistic",
    "StimulusFacts",
    "SumsMismatch",
    "as_label_counts",
    "chance_corrected_convergence",
    "cohen_kappas",
    "convergence",
    "count_labels",
    "entropy_nats",
    "fleiss_kappa",
    "grassberger_entropy_nats",
    "gwet_ac2",
    "krippendorff_alpha",
    "krippendorff_alpha_of",
    "label_counts_of_groups",
    "label_shares",
    "majority_label_of_stimuli",
    "majority_label_shares",
    "majority_shares",
    "matrix_counts",
    "mean_entropy_nats",
    "miller_madow_entropy_nats",
    "mixed_polarity_share",
    "modal_responses",
    "pairwise_agreement",
    "polarities_of",
    "polarity_shares",
    "positive_and_negative_share",
    "rating_counts",
    "set_counts",
    "share_intervals",
    "stimulus_facts",
    "stimulus_shares",
    "sums_by_group",
]
