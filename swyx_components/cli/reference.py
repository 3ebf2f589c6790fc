"""`swyx catalogue` and `swyx schema`: reference data, without an installation."""

import json
from typing import Any

from swyx_components.catalogue.load import load_catalogue
from swyx_components.catalogue.model import Catalogue, cite
from swyx_components.cli.options import command, written
from swyx_components.cli.terminal import print_answer
from swyx_components.installation import load_installation, load_schema
from swyx_components.report.plan_json import fields_of, given
from swyx_components.report.templates import render_lines


@command(
    "schema > installation.schema.json",
    _as_json=written("--json", "No effect: the schema is JSON."),
)
def schema(_as_json: bool) -> None:
    """Print the JSON Schema of installation files."""
    print(json.dumps(load_schema(), indent=2))


@command(
    "catalogue",
    "catalogue installation.yaml --json",
    file=written("[FILE]", "An installation file with its own catalogue."),
)
def catalogue(file: str, as_json: bool) -> None:
    """List the article's roles, ports and flows.

    Or those of the installation's own catalogue.
    """
    rows = load_installation(file).catalogue if file else load_catalogue()
    if as_json:
        print_answer(_record(rows))
    else:
        print_answer(render_lines("catalogue.txt.j2", {"cite": cite}, catalogue=rows))


def _record(catalogue: Catalogue) -> dict[str, Any]:
    return {
        "version": 1,
        "swyxware": catalogue.version,
        "roles": {
            role.name: {
                **fields_of(role, "kind", "lines"),
                "listeners": {
                    listener.key: {
                        "transports": [transport.value for transport in listener.transports],
                        "ports": [str(part) for part in listener.ports],
                        **fields_of(listener, "purpose", "phase", "evidence"),
                        **fields_of(listener, "configurable", "registry", "lines"),
                    }
                    for listener in role.listeners.values()
                },
            }
            for role in catalogue.roles.values()
        },
        "flows": {
            row.id: {
                **fields_of(row, "evidence", "phase", "purpose", "lines"),
                "legs": [
                    given(**{"scope": leg.scope, "from": leg.initiators, "to": leg.responders})
                    | given(**fields_of(leg, "among", "follows", "ports", "media"))
                    for leg in row.legs
                ],
            }
            for row in catalogue.flows.values()
        },
        "presets": {name: str(ports) for name, ports in catalogue.presets.items()},
    }
