"""The language of explanations: texts in, numbers out. No Django, no database, no network.

A text is described once (describe.py), by libraries that carry their lexicons and by lexicons that the operator brings;
what a study says is then counted from these descriptions alone, so that a study that grew by a hundred texts describes
a hundred texts.
"""
