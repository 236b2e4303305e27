"""Every way to name a workspace and to log in, each really tried on the wire."""

from __future__ import annotations

import webbrowser
from typing import Any

import pytest
from azure_service import (
    API_KEY,
    CLIENT_ID,
    CLIENT_SECRET,
    LOCATION,
    RESOURCE_GROUP,
    SUBSCRIPTION,
    TENANT,
    WORKSPACE,
    AzureCloud,
    azure_error,
)

from coratrix.backend import BackendConfiguration, BackendStatus
from coratrix.backend.errors import (
    BackendAuthError,
    BackendConnectionError,
    BackendError,
    BackendResponseError,
    BackendUnavailableError,
    ConfigurationError,
)
from coratrix.core import QuantumCircuit
from coratrix.providers.azure import AzureBackend
from coratrix.providers.azure.parameters import ConnectionString
from coratrix.testing.loopback import Fault, LoopbackProxy, garble, unreachable

TARGET = "quantinuum.sim.h2-1e"
ADDRESS = {"subscription_id": SUBSCRIPTION, "resource_group": RESOURCE_GROUP, "workspace": WORKSPACE}
RESOURCE_ID = (
    f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{RESOURCE_GROUP}"
    f"/providers/Microsoft.Quantum/Workspaces/{WORKSPACE}"
)
PRINCIPAL = {"tenant_id": TENANT, "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}


@pytest.fixture(autouse=True)
def _no_browser_and_no_connection_string(monkeypatch: pytest.MonkeyPatch, proxy: LoopbackProxy) -> None:
    def opened(*_: Any, **__: Any) -> None:
        raise AssertionError("a browser was opened")

    monkeypatch.setattr(webbrowser, "open", opened)
    monkeypatch.setattr(webbrowser, "get", opened)
    monkeypatch.delenv("AZURE_QUANTUM_CONNECTION_STRING")


def runs(backend: AzureBackend) -> bool:
    return backend.execute(QuantumCircuit(2).x(0), 5).counts == {"10": 5}


def test_a_connection_string_in_the_configuration(make_backend: Any, cloud: AzureCloud) -> None:
    assert runs(make_backend(TARGET, connection_string=cloud.connection_string()))


def test_a_connection_string_in_the_environment(
    make_backend: Any, cloud: AzureCloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AZURE_QUANTUM_CONNECTION_STRING", cloud.connection_string())

    assert runs(make_backend(TARGET))
    assert runs(make_backend(TARGET, **ADDRESS))


def test_the_environment_may_not_name_another_workspace(
    make_backend: Any, cloud: AzureCloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AZURE_QUANTUM_CONNECTION_STRING", cloud.connection_string())

    with pytest.raises(ConfigurationError, match="another-one") as caught:
        make_backend(TARGET, **{**ADDRESS, "workspace": "another-one"}).get_capabilities()

    assert API_KEY not in str(caught.value)


def test_an_api_key_with_the_address_and_the_location(make_backend: Any) -> None:
    assert runs(make_backend(TARGET, **ADDRESS, location=LOCATION.upper(), api_key=API_KEY))


def test_an_api_key_that_is_a_reference(make_backend: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_AZURE_KEY", API_KEY)

    assert runs(
        make_backend(TARGET, resource_id=RESOURCE_ID, location=LOCATION, api_key="${env:MY_AZURE_KEY}")
    )


@pytest.mark.parametrize("place", [ADDRESS, {"resource_id": RESOURCE_ID}])
def test_a_service_principal_in_the_configuration(make_backend: Any, place: dict[str, str]) -> None:
    assert runs(make_backend(TARGET, **place, **PRINCIPAL))


def test_a_service_principal_in_the_environment(
    make_backend: Any, cloud: AzureCloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in cloud.entra_environment().items():
        monkeypatch.setenv(name, value)

    assert runs(make_backend(TARGET, **ADDRESS))
    assert cloud.entra.issued == 2  # one for Resource Manager, one for the workspace


def test_an_expired_token_is_renewed(make_backend: Any, cloud: AzureCloud) -> None:
    cloud.entra.lives_s = 1.0  # the library renews a token that is about to expire, which this always is
    backend = make_backend(TARGET, **ADDRESS, **PRINCIPAL)

    assert runs(backend)
    assert cloud.entra.issued > 2


@pytest.mark.parametrize(
    "params",
    [
        {**ADDRESS, "location": LOCATION, "api_key": "wrong"},
        {**ADDRESS, **PRINCIPAL, "client_secret": "wrong"},
    ],
)
def test_wrong_credentials_are_told_with_what_to_do(make_backend: Any, params: dict[str, str]) -> None:
    backend = make_backend(TARGET, **params)

    with pytest.raises(BackendAuthError, match="az login"):
        backend.get_capabilities()
    assert backend.get_status() is BackendStatus.UNAUTHORIZED


def test_no_credentials_at_all_open_no_browser(make_backend: Any) -> None:
    with pytest.raises(BackendAuthError, match="az login"):
        make_backend(TARGET, **ADDRESS).get_capabilities()


def test_a_workspace_that_resource_manager_does_not_know(make_backend: Any) -> None:
    with pytest.raises(ConfigurationError, match="not found"):
        make_backend(TARGET, **{**ADDRESS, "workspace": "nowhere"}, **PRINCIPAL).get_capabilities()


@pytest.mark.parametrize("place", ["configuration", "environment"])
@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (unreachable(), BackendConnectionError),
        (azure_error(503), BackendUnavailableError),
        (garble(), BackendResponseError),
    ],
)
def test_a_login_that_cannot_be_asked_is_not_taken_for_a_wrong_password(
    make_backend: Any,
    cloud: AzureCloud,
    proxy: LoopbackProxy,
    monkeypatch: pytest.MonkeyPatch,
    place: str,
    fault: Fault,
    expected: type[BackendError],
) -> None:
    for name, value in cloud.entra_environment().items() if place == "environment" else ():
        monkeypatch.setenv(name, value)
    proxy.faults.on("*", "login.microsoftonline.com", ".*", fault, times=None)
    backend = make_backend(TARGET, **ADDRESS, **(PRINCIPAL if place == "configuration" else {}))

    with pytest.raises(expected):
        backend.get_capabilities()


def test_resource_manager_down_is_not_taken_for_a_wrong_password(
    make_backend: Any, proxy: LoopbackProxy
) -> None:
    down = azure_error(503, headers={"Retry-After": "0.01"})  # here the SDK retries by itself too
    proxy.faults.on("GET", "management.azure.com", ".*", down, times=None)

    with pytest.raises(BackendUnavailableError):
        make_backend(TARGET, **ADDRESS, **PRINCIPAL).get_capabilities()


# what is wrong before anything is sent ---------------------------------------------------------


def config(**params: Any) -> BackendConfiguration:
    return BackendConfiguration("azure_quantum", "cloud", {"provider": "azure", **params})


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"target": TARGET, "resourcegroup": "x"}, "resource_group"),
        ({"target": "simulator"}, "ionq.simulator"),
        ({"target": TARGET, "resource_id": "nonsense"}, "subscriptions"),
        ({"target": TARGET, "workspace": "w1"}, "not complete"),
        ({"target": TARGET, **ADDRESS, "resource_id": RESOURCE_ID}, "2 ways"),
        ({"target": TARGET, **ADDRESS, "api_key": "k"}, "location"),
        ({"target": TARGET, **ADDRESS, "client_secret": "s"}, "go together"),
    ],
)
def test_a_configuration_that_cannot_be_is_refused_by_name(params: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        AzureBackend(config(**params))


def test_the_guides_configuration_is_accepted_and_its_placeholder_told_at_the_first_use() -> None:
    backend = AzureBackend(
        config(
            subscription_id="your-subscription",
            resource_group="your-resource-group",
            workspace="your-workspace",
        )
    )

    with pytest.raises(ConfigurationError, match="your-subscription.*not a GUID"):
        backend.get_capabilities()


def test_without_a_target_the_first_use_lists_them(make_backend: Any, cloud: AzureCloud) -> None:
    with pytest.raises(ConfigurationError, match=r"no target is chosen.*ionq\.simulator.*rigetti\.sim\.qvm"):
        make_backend(None, connection_string=cloud.connection_string()).get_capabilities()


def test_an_unknown_target_is_told_with_those_there_are(make_backend: Any, cloud: AzureCloud) -> None:
    with pytest.raises(ConfigurationError, match=r"ionq\.qpu\.harmony.*ionq\.qpu\.forte-1"):
        make_backend("ionq.qpu.harmony", connection_string=cloud.connection_string()).get_capabilities()


def test_a_connection_string_that_cannot_be_read_is_not_repeated() -> None:
    with pytest.raises(ConfigurationError) as caught:
        ConnectionString.parse(f"SubscriptionId=1;ApiKey={API_KEY}")

    assert API_KEY not in str(caught.value)


@pytest.mark.parametrize(
    "endpoint", ["https://westeurope.quantum.azure.com/", "https://eastus-v2.quantum.azure.com/"]
)
def test_a_connection_string_is_read_and_written(cloud: AzureCloud, endpoint: str) -> None:
    text = cloud.connection_string().replace(f"https://{LOCATION}.quantum.azure.com/", endpoint)

    assert ConnectionString.parse(text).text() == text
