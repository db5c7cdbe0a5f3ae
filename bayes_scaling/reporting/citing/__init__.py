"""Sentences, tables, methods and references of a result."""
