"""The user's trouble with an archive."""

from __future__ import annotations


class ArchiveError(Exception):
    """An archive cannot be read, written or trusted. The message is one sentence: what, where, what to do."""
