"""Circuits of frameworks that have no package of their own here; a module for each, both ways.

``coratrix.core.interop`` finds them by entry points. They import their framework inside functions only.
"""
