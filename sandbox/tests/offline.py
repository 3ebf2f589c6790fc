"""The offline EC2 as a test meets it: a process of its own, and boto3 that speaks to one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from sandbox.aws.session import connect_ec2
from sandbox.environment import REGION

__all__ = ["aws_environment", "connect_ec2", "running_ec2"]


def aws_environment(endpoint: str) -> Mapping[str, str]:
    """The settings by which everything of AWS in a process speaks to an offline EC2."""
    return {
        "AWS_ACCESS_KEY_ID": "x",
        "AWS_SECRET_ACCESS_KEY": "x",
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ENDPOINT_URL": endpoint,
    }


@contextmanager
def running_ec2(**settings: str) -> Iterator[str]:
    """The endpoint of an offline EC2 of its own; the process ends with the block."""
    command = [sys.executable, "-m", "sandbox.aws.server", "--port", "0"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, env={**os.environ, **settings}
    ) as process:
        assert process.stdout is not None
        try:
            yield str(json.loads(process.stdout.readline())["endpoint"])
        finally:
            process.terminate()
