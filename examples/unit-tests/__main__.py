"""What `pulumi up` runs; the program itself can be imported by tests."""

from telephony import deploy

deploy()
