"""The conversation with a workspace of Azure Quantum, through Azure's own SDK.

Owns: `AzureClient`: logging in, sending, polling, fetching, cancelling, and the deadline of each request.
The SDK's own retries are off, so that the caller's are the only ones; a job's id is made from ours, so that
sending it again cannot make a second one. Knows nothing of: circuits, counts.
"""

from __future__ import annotations

import json
import logging
import os
import threading
import uuid
from typing import Any

from coratrix.backend.capabilities import BackendCapabilities
from coratrix.backend.client import JobSnapshot, Submission
from coratrix.backend.clock import Deadline
from coratrix.backend.errors import BackendError, BackendResponseError, JobNotFoundError
from coratrix.backend.status import QueueInfo, StatusReport
from coratrix.providers.azure.convert import AzureProgram
from coratrix.providers.azure.errors import ScrubbedLog, azure_errors
from coratrix.providers.azure.parameters import AzureParameters, key_access
from coratrix.providers.azure.targets import capabilities_of, choose, queue_of, snapshot_of, status_of

USER_AGENT = "coratrix"
CONNECT_TIMEOUT_S = 10.0
REQUEST_TIMEOUT_S = 60.0
INPUT_BLOB = "inputData"

_quiet = ScrubbedLog()


def vendor_id(key: str) -> str:
    """Azure's id for our job ``key``: the same hexadecimal digits as a GUID."""
    return str(uuid.UUID(hex=key.removeprefix("crx-")))


class AzureClient:
    """One workspace; it connects at the first call that needs it."""

    submits_once = True

    def __init__(self, params: AzureParameters) -> None:
        self._params = params
        self._lock = threading.Lock()
        self._workspace: Any = None

    # jobs ------------------------------------------------------------------------------------

    def submit(
        self, submission: Submission, *, key: str, shots: int, options: Any, deadline: Deadline
    ) -> str:
        program: AzureProgram = submission.program
        job_id = vendor_id(key)
        container = self._upload(program, job_id, deadline)
        details = self._details(program, job_id, key, container, shots, options)
        try:
            with azure_errors("sending the job", submitting=True):
                self._services.jobs.create(*self._place, job_id, details, **_patience(deadline))
        except BackendError as exc:
            if exc.code != "conflict" or self.find(key, deadline=deadline) is None:
                raise  # a conflict on an id that is there is our own earlier request
        return job_id

    def _upload(self, program: AzureProgram, job_id: str, deadline: Deadline) -> str:
        """Put the program into the job's container; writing the same again is harmless."""
        with azure_errors("uploading the program"):
            from azure.quantum._client.models import BlobDetails
            from azure.storage.blob import ContainerClient, ContentSettings

            asked = BlobDetails(container_name=f"job-{job_id}")
            answer = self._services.storage.get_sas_uri(*self._place, asked, **_patience(deadline))
            container = ContainerClient.from_container_url(answer.sas_uri, **_patience(deadline))
            with container, container.get_blob_client(INPUT_BLOB) as blob:
                settings = ContentSettings(content_type=program.content_type)
                blob.upload_blob(program.data, overwrite=True, content_settings=settings)
            return str(answer.sas_uri)

    def _details(
        self, program: AzureProgram, job_id: str, key: str, container: str, shots: int, options: Any
    ) -> Any:
        from azure.quantum._client.models import JobDetails

        return JobDetails(
            name=options.job_name or key,
            provider_id=self._params.provider_id,
            target=self._params.target,
            container_uri=container,
            input_data_uri=f"{container.partition('?')[0]}/{INPUT_BLOB}",
            input_data_format=program.input_format,
            output_data_format=program.output_format,
            input_params={**program.input_params, "shots": int(shots)},
            metadata={"coratrix_job_id": key},
            tags=list(options.tags) or None,
            priority=options.priority,
        )

    def find(self, key: str, *, deadline: Deadline) -> str | None:
        try:
            return str(self._job(vendor_id(key), deadline).id)
        except JobNotFoundError:
            return None

    def poll(self, vendor_job_id: str, *, deadline: Deadline) -> JobSnapshot:
        return snapshot_of(self._job(vendor_job_id, deadline))

    def _job(self, job_id: str, deadline: Deadline) -> Any:
        with azure_errors(f"asking for job {job_id}", missing=JobNotFoundError):
            return self._services.jobs.get(*self._place, job_id, **_patience(deadline))

    def cancel(self, vendor_job_id: str, *, deadline: Deadline) -> bool:
        try:
            with azure_errors(f"cancelling job {vendor_job_id}", missing=JobNotFoundError):
                from azure.core.exceptions import HttpResponseError

                try:
                    self._services.jobs.cancel(*self._place, vendor_job_id, **_patience(deadline))
                except HttpResponseError as exc:
                    if exc.status_code != 204:  # the service's own yes, which this SDK takes for an error
                        raise
        except BackendError as exc:
            if exc.code == "conflict":
                return False
            raise
        return True

    def fetch(self, vendor_job_id: str, *, deadline: Deadline) -> dict[str, Any]:
        """The output's format and its JSON value; its address is asked anew, since signatures expire."""
        details = self._job(vendor_job_id, deadline)
        content = self._download(str(details.output_data_uri), deadline)
        try:
            return {"format": details.output_data_format, "payload": json.loads(content)}
        except ValueError as exc:
            raise BackendResponseError(
                f"the result of job {vendor_job_id} is not JSON: {exc}", retryable=True
            ) from exc

    def _download(self, uri: str, deadline: Deadline) -> bytes:
        """A blob; where the job's own signature is missing or refused, the workspace gives another."""
        from azure.core.exceptions import HttpResponseError
        from azure.storage.blob import BlobClient

        with azure_errors("fetching the result"):
            try:
                with BlobClient.from_blob_url(uri, **_patience(deadline)) as blob:
                    container, name = blob.container_name, blob.blob_name
                    if "sig=" in uri:
                        return bytes(blob.download_blob().readall())
            except HttpResponseError as exc:
                if exc.status_code == 404:
                    raise _result_missing(name) from None
                if exc.status_code not in (401, 403):
                    raise
        return self._download_again(container, name, deadline)

    def _download_again(self, container: str, name: str, deadline: Deadline) -> bytes:
        with azure_errors("fetching the result", missing=BackendResponseError):
            from azure.quantum._client.models import BlobDetails
            from azure.storage.blob import BlobClient

            asked = BlobDetails(container_name=container, blob_name=name)
            answer = self._services.storage.get_sas_uri(*self._place, asked, **_patience(deadline))
            with BlobClient.from_blob_url(answer.sas_uri, **_patience(deadline)) as blob:
                return bytes(blob.download_blob().readall())

    # the target ------------------------------------------------------------------------------

    def capabilities(self, *, deadline: Deadline) -> BackendCapabilities:
        return capabilities_of(self._target(deadline))

    def status(self, *, deadline: Deadline) -> StatusReport:
        return status_of(self._target(deadline))

    def queue(self, *, deadline: Deadline) -> QueueInfo:
        return queue_of(self._target(deadline))

    def _target(self, deadline: Deadline) -> Any:
        with azure_errors("asking for the targets"):
            listed = self._services.providers.list(*self._place, **_patience(deadline))
            statuses = {target.id: target for provider in listed for target in provider.targets}
        return choose(statuses, self._params.target)

    # the workspace ---------------------------------------------------------------------------

    @property
    def _services(self) -> Any:
        """The operations of the data plane; `Workspace` shows no other way to give a request a deadline."""
        return self._connected()._client.services

    @property
    def _place(self) -> tuple[str, str, str]:
        workspace = self._connected()
        return workspace.subscription_id, workspace.resource_group, workspace.name

    def _connected(self) -> Any:
        with self._lock:
            if self._workspace is None:
                with azure_errors("connecting to Azure Quantum"):
                    self._workspace = self._connect()
            return self._workspace

    def _connect(self) -> Any:
        from azure.quantum.workspace import Workspace

        logging.getLogger("urllib3.connectionpool").addFilter(_quiet)
        access = key_access(self._params, os.environ)
        if access is not None:
            return Workspace.from_connection_string(access.text(), user_agent=USER_AGENT)
        subscription, group, name = self._params.address or ("", "", "")
        return Workspace(
            subscription_id=subscription, resource_group=group, name=name, location=self._params.location,
            credential=self._credential(), user_agent=USER_AGENT,
        )  # fmt: skip

    def _credential(self) -> Any:
        """A service principal if one is given, else Azure's chain, which opens no browser unless asked to."""
        from azure.identity import ClientSecretCredential, DefaultAzureCredential, EnvironmentCredential

        patience = {
            "retry_total": 0,
            "connection_timeout": CONNECT_TIMEOUT_S,
            "read_timeout": REQUEST_TIMEOUT_S,
        }
        p = self._params
        if p.client_secret is not None and p.tenant_id and p.client_id:
            return ClientSecretCredential(p.tenant_id, p.client_id, p.client_secret.reveal(), **patience)
        if not p.interactive and os.environ.get("AZURE_CLIENT_SECRET"):
            return EnvironmentCredential(**patience)  # first of the chain, which hides why it failed
        return DefaultAzureCredential(exclude_interactive_browser_credential=not p.interactive, **patience)

    def close(self) -> None:
        with self._lock:
            if self._workspace is not None:
                self._workspace._client.close()
                self._workspace = None

    def __repr__(self) -> str:
        return f"<AzureClient of {self._params.target!r}>"


def _patience(deadline: Deadline) -> dict[str, Any]:
    """What azure-core takes with each request: no retries of its own, and an end."""
    left = max(0.05, deadline.left_or(REQUEST_TIMEOUT_S))
    return {"retry_total": 0, "connection_timeout": min(left, CONNECT_TIMEOUT_S), "read_timeout": left}


def _result_missing(name: str) -> BackendResponseError:
    return BackendResponseError(
        f"the job succeeded and its result {name!r} is not there", code="result_missing", retryable=True
    )
