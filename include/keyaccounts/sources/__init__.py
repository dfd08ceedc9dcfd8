"""Sources: what a company's systems say, in contract columns."""
