"""Explanations by networks put before people: trials out of texts, a study of them, what the judgements say."""
