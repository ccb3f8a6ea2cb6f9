"""Taking the commands of other processes while the home is held."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tray_connector.config.clock import Clock
from tray_connector.desktop.address import addresses_for
from tray_connector.desktop.channel import Channel, Serve
from tray_connector.desktop.instance import Hold

logger = logging.getLogger(__name__)


@contextmanager
def listening(hold: Hold, home: Path, clock: Clock, serve: Serve) -> Iterator[None]:
    """Take commands of others while inside. Where no place can be listened at, they wait until this one has ended."""
    with ExitStack() as stack:
        for address in addresses_for(home):
            try:
                stack.enter_context(Channel(hold.holder.token, serve, clock).open(address))
                hold.announce(address)
                break
            except OSError as error:
                logger.info("No commands can be taken at %s: %s", address, error)
        else:
            logger.warning("Other commands cannot reach this process; they wait until it has ended")
        yield
