"""Metrics of the semantic layer, asked of the publication by MetricFlow."""
