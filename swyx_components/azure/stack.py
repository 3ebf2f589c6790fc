"""What a new stack on Azure must be told, and whose its machines' interfaces are."""

# Beside `swyx:site` and `swyx:cloud`; words in capitals are for the person to replace.
SETTINGS = (
    ("swyx:network.resource_group", "RESOURCE_GROUP"),
    ("swyx:network.virtual_network", "VIRTUAL_NETWORK"),
    ("azure-native:location", "LOCATION"),
)

# A site makes an interface for each machine, named after it; Azure gives an address to one at a time.
OWNS_INTERFACES = True

# One update can land on two plans (`swyx:replaces`), so that the next one only takes away.
HOLDS_TWO_PLANS = True
