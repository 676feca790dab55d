"""Ports that can be had, those that cannot, and the way to the service from this machine."""

import socket
from collections.abc import Iterator

import pytest

from adapter.ports import check_ports, local_url
from pipeline.settings import Settings, SettingsError
from tests.services.ports import free_ports

PORTS = ("port", "triton_http_port", "triton_grpc_port", "triton_metrics_port")


def settings(**changes: object) -> Settings:
    ports = dict(zip(PORTS, free_ports(len(PORTS)), strict=True))
    return Settings(_env_file=None, **{"host": "127.0.0.1", **ports, **changes})


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_free_ports_can_be_had():
    check_ports(settings())


@pytest.mark.parametrize("name", PORTS)
def test_a_port_that_is_taken_is_named(taken, name):
    with pytest.raises(SettingsError, match=f"port {taken} is taken; set {name.upper()} to"):
        check_ports(settings(**{name: taken}))


def test_one_port_for_two_is_named_by_both():
    asked = settings()
    with pytest.raises(SettingsError, match=r"^PORT and TRITON_HTTP_PORT are both \d+; change"):
        check_ports(settings(port=asked.port, triton_http_port=asked.port))


def test_an_address_of_another_machine_is_none_of_this_one():
    with pytest.raises(SettingsError, match=r"HOST='192\.0\.2\.1' is no address of this machine"):
        check_ports(settings(host="192.0.2.1"))


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("0.0.0.0", "http://localhost:9000"),
        ("::", "http://localhost:9000"),
        ("127.0.0.1", "http://127.0.0.1:9000"),
        ("::1", "http://[::1]:9000"),
    ],
)
def test_a_service_that_listens_everywhere_is_at_localhost(host, url):
    assert local_url(settings(host=host, port=9000)) == url
