"""The web server: its port, its headers, its assets."""

import socket

import pytest
from fastapi.testclient import TestClient

from ds542_tutor.app import server
from ds542_tutor.errors import PortInUseError
from ds542_tutor.settings import ServerSettings, Settings


def test_a_taken_port_is_told_in_one_line() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(PortInUseError) as told:
            server.serve(Settings(server=ServerSettings(port=port)))
    assert str(told.value) == (f"port {port} is in use; stop that program or set DS542_SERVER_PORT")


@pytest.mark.parametrize("host", ["no-such-host.invalid", "203.0.113.7"])
def test_a_host_that_is_not_this_machine_is_told_in_one_line(host: str) -> None:
    with pytest.raises(PortInUseError, match="DS542_SERVER_HOST"):
        server.serve(Settings(server=ServerSettings(host=host, port=0)))


def test_the_page_may_load_from_this_server_only(client: TestClient) -> None:
    got = client.get("/")
    assert got.status_code == 200
    policy = got.headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "http" not in policy
    assert got.headers["x-content-type-options"] == "nosniff"
    assert "fonts.googleapis" not in got.text + client.get("/theme.css").text


def test_no_event_is_an_endpoint_for_programs(client: TestClient) -> None:
    info = client.get("/gradio_api/info").json()
    assert info == {"named_endpoints": {}, "unnamed_endpoints": {}}


def test_style_script_and_icon_are_served(client: TestClient) -> None:
    for name in ("style.css", "page.js", "favicon.png"):
        assert client.get(f"/tutor-static/{name}").status_code == 200
    assert client.get("/docs").status_code == 404
