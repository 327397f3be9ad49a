"""The label sets as this app knows them. They stand in snapshots/label_sets.py, where every app can read them."""

from snapshots.label_sets import AFFECTION, LABEL_SETS, POLARITIES, Label

__all__ = ["AFFECTION", "LABEL_SETS", "POLARITIES", "Label"]
