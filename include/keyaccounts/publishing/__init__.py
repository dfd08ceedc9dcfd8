"""Write, audit, publish: versions that readers see whole."""

from keyaccounts.publishing.publish import Published, publish

__all__ = ["Published", "publish"]
