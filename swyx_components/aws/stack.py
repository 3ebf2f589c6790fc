"""What a new stack on AWS must be told, and whose its machines' interfaces are."""

# Beside `swyx:site` and `swyx:cloud`; words in capitals are for the person to replace.
SETTINGS = (("swyx:network.vpc_id", "VPC_ID"), ("aws:region", "REGION"))

# Interfaces are there before the site and stay after it: groups are attached to them.
OWNS_INTERFACES = False

# A plan is not held beside another: old rules go in the update that brings the new ones.
HOLDS_TWO_PLANS = False
