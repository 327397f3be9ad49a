"""Disagreement taken apart: what of it comes from the stimulus, the labels, groups, habits and noise.

>>> from analysis.statistics.disagreement import KnownStudy, decompose
>>> study = KnownStudy(n_stimuli=300, n_annotators=60)
>>> found = decompose(study.drawn(seed=1), with_intervals=False)
>>> abs(found.parts["ambiguity"].value - study.truth()["ambiguity"]) < 0.1
True
"""

from analysis.statistics.disagreement.confusion import ConfusionGraph, Edge, confusion_graph
from analysis.statistics.disagreement.dip import dip, dip_p
from analysis.statistics.disagreement.parts import PARTS, Decomposition, OverlappingPair, Part, decompose
from analysis.statistics.disagreement.simulate import KnownStudy
from analysis.statistics.disagreement.types_of_people import Division, TypesOfPeople, types_of_people
from analysis.statistics.disagreement.votes import Votes, groups_of_size

__all__ = [
    "PARTS",
    "ConfusionGraph",
    "Decomposition",
    "Division",
    "Edge",
    "KnownStudy",
    "OverlappingPair",
    "Part",
    "TypesOfPeople",
    "Votes",
    "confusion_graph",
    "decompose",
    "dip",
    "dip_p",
    "groups_of_size",
    "types_of_people",
]
