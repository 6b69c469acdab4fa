"""The journal: the latest calls with their responses and findings, kept in a ring buffer."""
