"""The demo company: made-up customers with planted stories, as files of the source contract."""

from keyaccounts.demo.company import generate

__all__ = ["generate"]
