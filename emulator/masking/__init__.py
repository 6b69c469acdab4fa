"""Secrets of calls: which they are, and texts without them.

What leaves the emulator (journal, archives, reports, coverage, logs, state files) is masked by
where a secret came from: a value that arrived as a credential is masked wherever it reappears.
"""
