"""Starts everything Commonground needs on one machine: PostgreSQL, Valkey, the web server, the workers.

Plain Python, standard library only, and imports nothing of ours: it must run before anything is installed.
"""
