"""The services' side of deliveries: signed requests, and what their answers took.

Run as a module it sends as many as it is told over several connections at once, each delivery on a connection of its
own as a tunnel does, and prints the seconds each answer took as a JSON list.
"""

from __future__ import annotations

import argparse
import json
import socket
import sys
import time
from concurrent.futures import ThreadPoolExecutor

from tray_connector.webhooks.signatures import Secrets, signature

HOST = "127.0.0.1"
SECRETS = Secrets("benchmark0", "benchmark1", "benchmark token")
DEADLINE = 30.0


def task_request(task_id: str, delivery: str) -> bytes:
    """A delivery of Teamwork about this task."""
    body = json.dumps({"eventCreator": {"id": 1, "firstName": "Ada"}, "task": {"id": int(task_id)}}).encode()
    head = (
        f"POST {SECRETS.teamwork_path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        f"X-Projects-Event: TASK.UPDATED\r\nX-Projects-Delivery: {delivery}\r\n"
        f"X-Projects-Signature: {signature(SECRETS.teamwork_token or '', body)}\r\n"
        f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    )
    return head.encode() + body


def conversation_request(conversation_id: str, delivery: str) -> bytes:
    """A delivery of Missive about this conversation."""
    body = json.dumps({"rule": {"id": delivery, "type": "label_change"}, "conversation": {"id": conversation_id}})
    head = (
        f"POST {SECRETS.missive_path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    )
    return head.encode() + body.encode()


def deliver(port: int, request: bytes) -> float:
    """Send it, and read the answer to its end; the seconds it took. RuntimeError unless it is 200."""
    began = time.perf_counter()
    with socket.create_connection((HOST, port), timeout=DEADLINE) as connection:
        connection.sendall(request)
        answer = b""
        while part := connection.recv(4096):
            answer += part
    took = time.perf_counter() - began
    if not answer.startswith(b"HTTP/1.1 200 "):
        raise RuntimeError(f"answered {answer[:60]!r}")
    return took


def main() -> None:
    """Deliver, and print what each took."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.webhook_load")
    parser.add_argument("port", type=int)
    parser.add_argument("first", type=int, help="id of the first task")
    parser.add_argument("count", type=int)
    parser.add_argument("at_once", type=int)
    words = parser.parse_args()
    numbers = range(words.first, words.first + words.count)
    requests = [task_request(str(number), f"delivery-{number}") for number in numbers]
    with ThreadPoolExecutor(words.at_once) as pool:
        began = time.perf_counter()
        taken = list(pool.map(lambda request: deliver(words.port, request), requests))
        seconds = time.perf_counter() - began
    json.dump({"seconds": seconds, "each": taken}, sys.stdout)


if __name__ == "__main__":
    main()
