"""The offline EC2 as a process: ``python -m sandbox.aws.server --port N --state DIR``.

Its state is in memory: it begins empty at every start.
"""

import os
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from sandbox.faults import ERROR
from sandbox.journal import NAME
from sandbox.server import Answer, Cloud, CloudServer, Request, run_server

# A tenth of a second of images that no installation uses, per region; and moto must not call home.
MOTO_SETTINGS = {"MOTO_EC2_LOAD_DEFAULT_AMIS": "false", "MOTO_CALL_RESET_API": "false"}
_READING = ("Describe", "Get", "List", "Search")


class Ec2(Cloud):
    """moto, made strict; its models are not made for threads, while an engine sends many calls at once."""

    def __init__(self) -> None:
        for name, value in MOTO_SETTINGS.items():
            os.environ.setdefault(name, value)
        from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

        from sandbox.aws import strict
        from sandbox.aws.limits import read_limits

        strict.install(read_limits(os.environ))
        self._moto = DomainDispatcherApplication(create_backend_app)

    def answer(self, request: Request) -> Answer:
        started: list[Any] = []
        body = b"".join(self._moto(request.environ, lambda *given: started.extend(given)))
        status, headers = started[:2]
        return Answer(int(status.split()[0]), body, dict(headers))

    def describe_write(self, request: Request) -> dict[str, Any] | None:
        """The action with its parameters; without one it is something else of moto's."""
        fields = dict(parse_qsl(request.body.decode(errors="replace"), keep_blank_values=True))
        action = fields.pop("Action", "")
        if not action or action.startswith(_READING):
            return None
        parameters = {name: value for name, value in fields.items() if name != "Version"}
        return {"action": action, "parameters": parameters}

    def note(self, record: dict[str, Any], answer: Answer) -> dict[str, Any]:
        return {**super().note(record, answer), "response": answer.body.decode(errors="replace")}

    def refuse(self, status: int, kind: str, headers: dict[str, str]) -> Answer:
        """EC2 throttles with 503 and a code of its own; other trouble of the server's is an InternalError."""
        code, status = ("InternalError", status) if kind == ERROR else ("RequestLimitExceeded", 503)
        body = (
            '<?xml version="1.0" encoding="UTF-8"?><Response><Errors><Error>'
            f"<Code>{code}</Code><Message>The sandbox was told to fail here.</Message>"
            "</Error></Errors><RequestID>sandbox</RequestID></Response>"
        )
        return Answer(status, body.encode(), {**headers, "Content-Type": "text/xml;charset=UTF-8"})


def make_server(port: int = 0, state: Path | None = None) -> CloudServer:
    """An EC2 that listens but does not serve yet, with the journal of no earlier one."""
    cloud = Ec2()
    from moto.moto_server.werkzeug_app import MotoRequestHandler

    if state is not None:
        state.mkdir(parents=True, exist_ok=True)
        (state / NAME).unlink(missing_ok=True)
    return CloudServer(cloud, port, state, MotoRequestHandler)


if __name__ == "__main__":
    run_server(make_server, "sandbox.aws.server")
