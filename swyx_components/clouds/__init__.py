"""The clouds by name, as values. To add one: a package with a class like these, and a name here.

Importing this loads neither Pulumi nor a cloud's SDK.
"""

from collections.abc import Mapping

from swyx_components.clouds.aws import Aws
from swyx_components.clouds.aws.inventory import Inventory as AwsInventory
from swyx_components.clouds.azure import Azure
from swyx_components.clouds.azure.inventory import Inventory as AzureInventory

Cloud = Aws | Azure
Inventory = AwsInventory | AzureInventory

PLATFORMS: Mapping[str, Cloud] = {cloud.name: cloud for cloud in (Aws(), Azure())}
