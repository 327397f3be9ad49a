"""What can go wrong with the language of texts; every message says what, where and what to do."""


class LexiconUnreadable(Exception):
    """A lexicon that the operator named is not there, or is not the file that it should be."""
