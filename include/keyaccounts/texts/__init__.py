"""What people are told, in their language: one catalogue of texts, by key.

`en.yml` and `zh.yml` hold the same keys with the same placeholders. Alerts, report and pages take
their words from here; the command line, logs, errors and columns are English.
"""

from keyaccounts.texts.catalogue import DEFAULT, LANGUAGES, Catalogue, read_catalogue
from keyaccounts.texts.reader import ENGLISH, Code, Texts, texts_in

__all__ = [
    "DEFAULT",
    "ENGLISH",
    "LANGUAGES",
    "Catalogue",
    "Code",
    "Texts",
    "read_catalogue",
    "texts_in",
]
