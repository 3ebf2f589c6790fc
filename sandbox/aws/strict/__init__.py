"""What EC2 enforces and moto does not: installed over moto's EC2 in this process, before its first request.

moto keeps the state and speaks the API; each function put over one of moto's is a fact of EC2.
"""

from sandbox.aws.limits import Limits
from sandbox.aws.strict import groups, interfaces, networks


def install(limits: Limits) -> None:
    """Make moto's EC2 strict."""
    groups.patch(limits)
    interfaces.patch(limits)
    networks.patch()
