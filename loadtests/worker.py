"""A worker: makes requests as a master elsewhere directs."""

from __future__ import annotations

import logging

from locust.env import Environment

from loadtests.clients import Client, SlowClient
from loadtests.generator import Generator


def be_worker(master_host: str, master_port: int, url: str) -> None:
    """Be a worker until the master sends it away."""
    hush_locust()
    environment = Environment(user_classes=[Client, SlowClient], host=url)
    runner = environment.create_worker_runner(master_host, master_port)
    Generator(environment)
    runner.greenlet.join()


def hush_locust() -> None:
    """Let Locust log only what is wrong: the report has its own word on a busy generator."""
    logging.basicConfig(level=logging.ERROR)
