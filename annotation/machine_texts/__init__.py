"""After an answer: what a network wrote for the same feeling is shown and rated, or held back by lot.

The texts come in as data (`services.keep_machine_texts`), written ahead by a job of analysis; nothing here knows a
network, and nobody who answers waits for one.
"""
