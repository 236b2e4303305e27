"""boto3's clients for Braket, S3 and STS, made once per region, and Braket's default bucket.

Owns: `AwsSessions`: credentials, time limits of each request, clients. Knows nothing of: tasks, devices.

``braket.aws`` is not imported: it brings the simulators along, which takes seconds, and its session adds
nothing to boto3's client but the bucket below. Retries are ours (`coratrix.backend.resilience`), so
boto's are off.
"""

from __future__ import annotations

import importlib
import os
import threading
from typing import Any

from coratrix.backend.errors import ConfigurationError, ProviderNotInstalledError
from coratrix.backend.resilience import Resilience
from coratrix.backend.secrets import Secret
from coratrix.providers.aws.errors import aws_errors
from coratrix.providers.aws.parameters import BraketParameters
from coratrix.providers.aws.redaction import mask_tokens

BUCKET_VARIABLE = "AMZN_BRAKET_OUT_S3_BUCKET"  # set inside a hybrid job
USER_AGENT = "coratrix-provider-cloud"


class AwsSessions:
    """Clients of one account; thread-safe."""

    def __init__(self, parameters: BraketParameters, numbers: Resilience) -> None:
        import_sdk()
        mask_tokens()
        self._parameters, self._numbers = parameters, numbers
        self._lock = threading.RLock()
        self._session: Any = None
        self._clients: dict[tuple[str, str | None], Any] = {}
        self._bucket = parameters.s3_bucket

    def braket(self, region: str | None = None) -> Any:
        """The client of Amazon Braket in a region, by default the device's."""
        return self._client("braket", region or self._parameters.session_region)

    def s3(self, region: str | None = None) -> Any:
        """The client of S3 in a region, by default the device's."""
        return self._client("s3", region or self._parameters.session_region)

    def _client(self, service: str, region: str | None) -> Any:
        with self._lock, aws_errors("connecting to AWS"):
            if (service, region) not in self._clients:
                self._clients[service, region] = self._boto().client(
                    service, region_name=region, config=self._config()
                )
            return self._clients[service, region]

    def _boto(self) -> Any:
        if self._session is None:
            import boto3

            given = self._parameters
            self._session = boto3.Session(
                profile_name=given.profile,
                aws_access_key_id=_revealed(given.aws_access_key_id),
                aws_secret_access_key=_revealed(given.aws_secret_access_key),
                aws_session_token=_revealed(given.aws_session_token),
            )
        return self._session

    def _config(self) -> Any:
        from botocore.config import Config

        return Config(
            connect_timeout=min(10.0, self._numbers.request_timeout_s),
            read_timeout=self._numbers.request_timeout_s,
            retries={"mode": "standard", "total_max_attempts": 1},
            max_pool_connections=max(10, self._numbers.max_in_flight),
            user_agent_extra=USER_AGENT,
        )

    def bucket(self) -> str:
        """The bucket given, else that of the hybrid job around us, else Braket's default, made if need be."""
        with self._lock:
            if self._bucket is None:
                self._bucket = os.environ.get(BUCKET_VARIABLE) or self._default_bucket()
            return self._bucket

    def _default_bucket(self) -> str:
        """``amazon-braket-REGION-ACCOUNT``, as Braket's console and SDK name it."""
        s3 = self.s3()
        region = s3.meta.region_name
        with aws_errors("asking for the account's number"):
            sts = self._client("sts", region)
            name = f"amazon-braket-{region}-{sts.get_caller_identity()['Account']}"
        place = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
        try:
            with aws_errors(f"making the default bucket {name}"):
                s3.create_bucket(Bucket=name, **place)
        except ConfigurationError as exc:
            if exc.code != "bucket_is_ours":
                raise
        return name

    def close(self) -> None:
        """Close every connection; the next call makes new ones."""
        with self._lock:
            for client in self._clients.values():
                client.close()
            self._clients.clear()
            self._session = None


def import_sdk() -> None:
    """Import what the first request needs: that takes its time, which no request should be charged with."""
    try:
        for name in ("boto3", "braket.ir.openqasm"):
            importlib.import_module(name)
    except ImportError as exc:
        raise ProviderNotInstalledError(
            f"Amazon Braket's SDK cannot be imported: {exc}",
            hint="pip install 'coratrix-provider-cloud[aws]'",
        ) from exc


def _revealed(secret: Secret | None) -> str | None:
    return None if secret is None else secret.reveal()
