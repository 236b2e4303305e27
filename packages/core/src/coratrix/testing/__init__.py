"""Test doubles and suites for authors of backends and for downstream projects.

Nothing is imported here: take `coratrix.testing.conformance` (needs pytest), `.scripted`, `.clock`,
`.reference`, `.strategies` (needs hypothesis), `.statistics` or `.loopback` by name.
"""
