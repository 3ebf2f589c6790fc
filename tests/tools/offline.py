"""The offline EC2, as the sandbox's own tests meet it."""

from sandbox.tests.offline import aws_environment, connect_ec2, running_ec2

__all__ = ["aws_environment", "connect_ec2", "running_ec2"]
