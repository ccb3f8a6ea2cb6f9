"""Which way in the settings ask for, and ngrok's words on one line."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.support.clock import START, FakeClock
from tests.support.settings import load
from tray_connector.config.clock import Stop, Stopped
from tray_connector.model.errors import ConfigError
from tray_connector.webhooks.tunnel import FixedAddress, Tunnel, choose
from tray_connector.webhooks.tunnel_errors import code_in, ngrok_error, readable
from tray_connector.webhooks.tunnel_ngrok import NgrokTunnel


def chosen(folder: Path, **environ: str) -> Tunnel | None:
    return choose(load(folder, environ), folder, FakeClock())


def test_the_settings_say_which_way_deliveries_come_in(tmp_path: Path) -> None:
    token = {"NGROK_AUTHTOKEN": "2abc_token"}
    own = {"PUBLIC_URL": "https://hooks.example.com/"}
    assert chosen(tmp_path) is None
    assert isinstance(chosen(tmp_path, **token), NgrokTunnel)
    assert isinstance(chosen(tmp_path, **token, **own), FixedAddress)
    assert chosen(tmp_path, **token, **own, DISABLE_WEBHOOKS="true") is None


def test_an_address_of_ones_own_is_only_noted() -> None:
    tunnel = FixedAddress(" https://hooks.example.com/office/ ")
    assert (tunnel.address(), tunnel.healthy(), tunnel.temporary) == (None, False, False)
    assert tunnel.open(5000, Stop()) == "https://hooks.example.com/office"
    assert (tunnel.address(), tunnel.healthy()) == ("https://hooks.example.com/office", True)
    tunnel.close()
    assert (tunnel.address(), tunnel.healthy()) == (None, False)
    stop = Stop()
    stop.set()
    with pytest.raises(Stopped):
        tunnel.open(5000, stop)


@pytest.mark.parametrize(
    "address", ["http://hooks.example.com", "hooks.example.com", "https://", "https://a:b@c.de", "https://c.de/?x=1"]
)
def test_an_address_that_is_not_safe_is_refused(address: str) -> None:
    with pytest.raises(ConfigError) as caught:
        FixedAddress(address)
    assert caught.value.problem.code == "public-url"


def test_on_this_machine_plain_http_will_do() -> None:
    assert FixedAddress("http://127.0.0.1:8080").open(5000, Stop()) == "http://127.0.0.1:8080"


def test_ngroks_words_are_read_in_the_form_of_its_log() -> None:
    text = r"authentication failed: Your account is limited.\r\nTo learn more …\r\n\r\nERR_NGROK_108\r\n"
    assert code_in(text) == 108
    assert readable(text) == "authentication failed: Your account is limited. To learn more …"
    assert len(readable("word " * 1000)) <= 300


def test_an_unknown_number_is_shown_with_its_words() -> None:
    problem = ngrok_error(4711, "Something new.", START).problem
    assert (problem.code, problem.message) == ("ngrok-failed", "Something new. (ERR_NGROK_4711)")


@pytest.mark.skipif(sys.platform == "win32", reason="that of the file system")
def test_nothing_is_touched_before_it_is_opened(tmp_path: Path) -> None:
    NgrokTunnel("token", tmp_path / "ngrok", FakeClock()).close()
    assert list(tmp_path.iterdir()) == []
