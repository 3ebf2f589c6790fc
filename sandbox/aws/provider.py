"""The stand-in for Pulumi's AWS plugin: ``python -m sandbox.aws.provider``, started by the engine."""

from sandbox.aws.groups import AttachmentHandler, SecurityGroupHandler
from sandbox.aws.lookups import list_functions
from sandbox.aws.machines import InstanceHandler, NetworkInterfaceHandler, SubnetHandler, VpcHandler
from sandbox.aws.rules import EgressRuleHandler, IngressRuleHandler
from sandbox.aws.session import Session
from sandbox.provider import Props, Provider, serve

HANDLERS = (
    SecurityGroupHandler,
    IngressRuleHandler,
    EgressRuleHandler,
    AttachmentHandler,
    NetworkInterfaceHandler,
    InstanceHandler,
    VpcHandler,
    SubnetHandler,
)


class AwsProvider(Provider):
    """EC2 on the loopback interface, as the package ``aws``."""

    name = "aws"
    sdk_package = "pulumi_aws"

    def __init__(self) -> None:
        self._session = Session()
        self.handlers = [handler(self._session) for handler in HANDLERS]
        self.functions = list_functions(self._session)

    def configure(self, config: Props) -> None:
        self._session.configure(config)


if __name__ == "__main__":
    serve(AwsProvider())
