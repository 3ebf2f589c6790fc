"""The stand-in for Pulumi's AWS plugin: ``python -m sandbox.aws.provider``, started by the engine."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sandbox.aws.attachments import AttachmentHandler
from sandbox.aws.groups import SecurityGroupHandler
from sandbox.aws.instances import InstanceHandler
from sandbox.aws.interfaces import NetworkInterfaceHandler
from sandbox.aws.lookups import Lookups
from sandbox.aws.networks import SubnetHandler, VpcHandler, VpcIpv4CidrBlockAssociationHandler
from sandbox.aws.rules import EgressRuleHandler, IngressRuleHandler
from sandbox.aws.session import Session
from sandbox.provider import InvokeFunction, Props, Provider, ResourceHandler, serve

HANDLERS = (
    SecurityGroupHandler,
    IngressRuleHandler,
    EgressRuleHandler,
    AttachmentHandler,
    NetworkInterfaceHandler,
    InstanceHandler,
    VpcHandler,
    SubnetHandler,
    VpcIpv4CidrBlockAssociationHandler,
)


class AwsProvider(Provider):
    """EC2 on the loopback interface, as the package ``aws``."""

    name = "aws"
    sdk_package = "pulumi_aws"

    def __init__(self) -> None:
        self._session = Session()

    def list_handlers(self) -> Iterable[ResourceHandler]:
        return [handler(self._session) for handler in HANDLERS]

    def list_functions(self) -> Mapping[str, InvokeFunction]:
        return Lookups(self._session).list_functions()

    def configure(self, config: Props) -> None:
        self._session.configure(config)


if __name__ == "__main__":
    serve(AwsProvider())
