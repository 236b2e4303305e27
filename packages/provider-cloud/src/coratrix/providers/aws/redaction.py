"""Keeps session tokens out of boto's debug logs.

Owns: a filter on the two loggers of botocore that write out the headers of each request. With temporary
credentials those headers hold the session token in the clear, for anyone who turns on logging at DEBUG.
Knows nothing of: whose token it is.
"""

from __future__ import annotations

import logging
import re
from functools import cache

from coratrix.backend.secrets import MASK

LOGGERS = ("botocore.auth", "botocore.endpoint")
_TOKEN = re.compile(r"(x-amz-security-token(?:'?\s*:\s*b?'?))[^\s',]+", re.IGNORECASE)


class TokenFilter(logging.Filter):
    """Lets every record pass, with session tokens masked."""

    def filter(self, record: logging.LogRecord) -> bool:
        text = record.getMessage()
        masked = _TOKEN.sub(rf"\g<1>{MASK}", text)
        if masked != text:
            record.msg, record.args = masked, ()
        return True


@cache
def mask_tokens() -> None:
    """Put the filter on; once in a process."""
    for name in LOGGERS:
        logging.getLogger(name).addFilter(TokenFilter())
