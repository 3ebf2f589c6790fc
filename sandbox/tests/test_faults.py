"""Faults at calls and the journal, in the offline EC2; Azure's are in `test_azure_server.py`."""

from __future__ import annotations

import json
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionClosedError

from sandbox.aws.server import make_server
from sandbox.faults import Faults
from sandbox.journal import read_journal
from sandbox.tests.offline import connect_ec2


class Ec2:
    """An offline EC2 in this process: `calls` is boto3 that never tries again, `client` as usual."""

    def __init__(self, endpoint: str) -> None:
        self.endpoint = endpoint
        self.calls, self.client = self.connect(1), self.connect(4)

    def connect(self, attempts: int) -> Any:
        config = Config(retries={"mode": "standard", "total_max_attempts": attempts})
        return connect_ec2(self.endpoint, config=config)

    def control(self, method: str, path: str = "", body: Any = None) -> dict[str, Any]:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(
            f"{self.endpoint}/_sandbox{path}", data=data, method=method
        )
        with urllib.request.urlopen(request) as answer:
            told: dict[str, Any] = json.load(answer)
            return told

    def networks(self) -> set[str]:
        return {vpc["CidrBlock"] for vpc in self.calls.describe_vpcs()["Vpcs"]}


@pytest.fixture
def ec2(tmp_path: Path) -> Iterator[Ec2]:
    server = make_server(0, tmp_path)
    with server.in_thread():
        reset = urllib.request.Request(f"{server.endpoint}/moto-api/reset", method="POST")
        urllib.request.urlopen(reset).close()  # moto keeps one state in a process
        yield Ec2(server.endpoint)


CIDR = "10.77.0.0/16"


@pytest.mark.parametrize(
    ("fault", "problem", "has_effect"),
    [
        ({"at": 1, "kind": "throttle"}, "RequestLimitExceeded", False),
        ({"at": 1, "kind": "error", "status": 500}, "InternalError", False),
        ({"at": 1, "kind": "drop_before"}, "closed", False),
        ({"at": 1, "kind": "drop_after"}, "closed", True),
        ({"at": 1, "kind": "slow", "seconds": 0.01}, "", True),
        ({"at": 2, "kind": "error"}, "", True),
    ],
    ids=lambda value: value["kind"] if isinstance(value, dict) else None,
)
def test_a_fault_happens_at_its_write_and_reads_do_not_count(
    ec2: Ec2, fault: dict[str, Any], problem: str, has_effect: bool
) -> None:
    ec2.control("PUT", "/faults", [fault])
    before = ec2.networks()
    try:
        ec2.calls.create_vpc(CidrBlock=CIDR)
        met = ""
    except ClientError as error:
        met = error.response["Error"]["Code"]
    except ConnectionClosedError:
        met = "closed"
    assert met == problem
    assert (ec2.networks() - before == {CIDR}) == has_effect
    assert ec2.control("GET")["writes"] == 1


@pytest.mark.parametrize("kind", ["throttle", "error", "drop_before", "drop_after"])
def test_a_client_that_tries_again_gets_over_one_fault(ec2: Ec2, kind: str) -> None:
    ec2.control("PUT", "/faults", [{"at": 1, "kind": kind}])
    assert ec2.client.create_vpc(CidrBlock=CIDR)["Vpc"]["CidrBlock"] == CIDR


def test_an_outage_lasts_for_its_number_of_writes(ec2: Ec2) -> None:
    ec2.control("PUT", "/faults", [{"at": 1, "kind": "error", "times": 2}])
    for _ in range(2):
        with pytest.raises(ClientError, match="InternalError"):
            ec2.calls.create_vpc(CidrBlock=CIDR)
    ec2.calls.create_vpc(CidrBlock=CIDR)


def test_an_unknown_fault_is_refused(ec2: Ec2) -> None:
    with pytest.raises(urllib.error.HTTPError, match="400"):
        ec2.control("PUT", "/faults", [{"at": 1, "kind": "flood"}])


@pytest.mark.parametrize(("kind", "has_effect"), [("hold_before", False), ("hold_after", True)])
def test_a_held_write_waits_while_the_cloud_can_be_read(
    ec2: Ec2, kind: str, has_effect: bool
) -> None:
    before = ec2.networks()
    ec2.control("PUT", "/faults", [{"at": 1, "kind": kind}])
    caller = threading.Thread(target=lambda: ec2.calls.create_vpc(CidrBlock=CIDR))
    caller.start()
    await_hold(ec2)
    assert (CIDR in ec2.networks() - before) == has_effect
    assert caller.is_alive()
    ec2.control("POST", "/release")
    caller.join(timeout=10)
    assert not caller.is_alive()
    assert CIDR in ec2.networks()


def test_a_write_held_before_its_effect_has_none_when_other_faults_are_planned(ec2: Ec2) -> None:
    ec2.control("PUT", "/faults", [{"at": 1, "kind": "hold_before"}])
    errors: list[Exception] = []

    def call() -> None:
        try:
            ec2.calls.create_vpc(CidrBlock=CIDR)
        except ConnectionClosedError as error:
            errors.append(error)

    caller = threading.Thread(target=call)
    caller.start()
    await_hold(ec2)
    ec2.control("PUT", "/faults", [])
    caller.join(timeout=10)
    assert errors
    assert CIDR not in ec2.networks()


def await_hold(ec2: Ec2) -> None:
    deadline = time.monotonic() + 10
    while not ec2.control("GET")["held"]:
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_the_journal_holds_every_write(ec2: Ec2, tmp_path: Path) -> None:
    ec2.calls.describe_vpcs()
    ec2.calls.create_vpc(CidrBlock=CIDR)
    with pytest.raises(ClientError):
        ec2.calls.create_vpc(CidrBlock="nonsense")
    journal = read_journal(tmp_path)
    assert [(line["action"], line["status"]) for line in journal] == [
        ("CreateVpc", 200),
        ("CreateVpc", 400),
    ]
    assert journal[0]["parameters"] == {"CidrBlock": CIDR}
    assert "<vpcId>vpc-" in journal[0]["response"]


def test_a_fault_that_counts_calls_counts_reads_too() -> None:
    faults = Faults()
    faults.plan([{"at": 2, "kind": "throttle", "of": "calls"}])
    outcomes = [
        faults.run(lambda: "answered", lambda *_: "refused", writing=writing)
        for writing in (True, False, True)
    ]
    assert outcomes == ["answered", "refused", "answered"]
    assert faults.describe() == {"calls": 3, "writes": 2, "held": [], "faults": []}
