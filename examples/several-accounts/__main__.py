"""Munich and Vienna in two AWS accounts, Zurich and Geneva in two Azure subscriptions."""

import pulumi
import pulumi_aws as aws
import pulumi_azure as azure
import pulumi_azure_native as azure_native

from swyx_components import Installation, LinkManager, SwyxIt, SwyxServer, VirtualNetwork, Vpc


def account(name: str, number: str, region: str) -> pulumi.ResourceOptions:
    role = f"arn:aws:iam::{number}:role/telephony"
    own = aws.Provider(name, region=region, assume_roles=[{"role_arn": role}])
    return pulumi.ResourceOptions(provider=own)


def subscription(name: str, id: str) -> pulumi.ResourceOptions:
    """Both providers: azure-native creates NSGs, azure attaches them to interfaces."""
    making = azure_native.Provider(name, subscription_id=id)
    attaching = azure.Provider(f"{name}-attaching", subscription_id=id)
    return pulumi.ResourceOptions(providers=[making, attaching])


munich_account = account("munich", "111111111111", "eu-central-1")
vienna_account = account("vienna", "222222222222", "eu-south-1")
zurich_subscription = subscription("zurich", "33333333-3333-3333-3333-333333333333")
geneva_subscription = subscription("geneva", "44444444-4444-4444-4444-444444444444")

with Installation(dcom="restricted", h245="tunnelled") as swyx:
    munich = swyx.site("munich", Vpc(tags={"Name": "munich"}), opts=munich_account)
    link = munich.attach(SwyxServer, LinkManager, address="10.11.0.10")

    vienna = swyx.site("vienna", Vpc(tags={"Name": "vienna"}), opts=vienna_account)
    vienna.attach(SwyxServer, address="10.12.0.10")
    vienna.network("vienna-office", "10.12.20.0/24", SwyxIt)
    swyx.link(munich, vienna, through=link)

    network = VirtualNetwork(resource_group="telephony", name="zurich")
    zurich = swyx.site("zurich", network, opts=zurich_subscription)
    zurich.attach(SwyxServer, address="10.13.0.10")
    zurich.network("zurich-office", "10.13.20.0/24", SwyxIt)
    swyx.link(munich, zurich, through=link)

    network = VirtualNetwork(resource_group="telephony", name="geneva")
    geneva = swyx.site("geneva", network, opts=geneva_subscription)
    geneva.attach(SwyxServer, address="10.14.0.10")
    geneva.network("geneva-office", "10.14.20.0/24", SwyxIt)
    swyx.link(munich, geneva, through=link)
