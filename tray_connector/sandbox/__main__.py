"""`python -m tray_connector.sandbox`: the office for whoever develops without accounts of their own."""

from __future__ import annotations

import argparse
import signal
import sys

from tray_connector.config.clock import Stop
from tray_connector.sandbox.running import SandboxOffice

_LIVE_SECONDS = 20.0


def _arguments(words: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tray_connector.sandbox",
        description="Starts a small office that speaks Teamwork's and Missive's protocols on this machine, with an "
        "Airtable base beside it, and prints the settings with which a connector works on it.",
    )
    parser.add_argument("--port", type=int, default=0, help="port of the Teamwork server (default: any free one)")
    parser.add_argument("--missive-port", type=int, default=0, help="port of the Missive server")
    parser.add_argument("--airtable-port", type=int, default=0, help="port of the Airtable server")
    parser.add_argument("--seed", type=int, default=1, help="another number gives another office")
    parser.add_argument("--rate-scale", type=float, default=20.0, help="multiplies the services' limits (default: 20)")
    parser.add_argument(
        "--live",
        type=float,
        nargs="?",
        const=_LIVE_SECONDS,
        metavar="SECONDS",
        help=f"let something happen every so many seconds (default: {_LIVE_SECONDS:g})",
    )
    return parser.parse_args(words)


def main(words: list[str] | None = None) -> int:
    """Run until SIGINT or SIGTERM; exit code 0, or 3 when a port is not free."""
    arguments = _arguments(words)
    stop = Stop()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    sandbox = SandboxOffice(
        seed=arguments.seed,
        port=arguments.port,
        missive_port=arguments.missive_port,
        airtable_port=arguments.airtable_port,
        rate_scale=arguments.rate_scale,
    )
    try:
        sandbox.start()
    except OSError as error:
        sys.stderr.write(
            f"The sandbox cannot listen: {error}. Choose other ports with --port, --missive-port and --airtable-port.\n"
        )
        return 3
    try:
        for name, value in sandbox.environment().items():
            _say(f"{name}={value}")
        for name, value in sandbox.airtable.environment().items():
            _say(f"# {name}={value}")
        _watch(sandbox, stop, arguments.live)
    finally:
        sandbox.stop()
    return 0


def _watch(sandbox: SandboxOffice, stop: Stop, every: float | None) -> None:
    changes = sandbox.live_changes()
    due = sandbox.clock.monotonic() + (every or 0)
    while not sandbox.clock.wait(stop, 0.5):
        if every is not None and sandbox.clock.monotonic() >= due:
            _say(f"# {changes.apply_next()}")
            due += every


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
