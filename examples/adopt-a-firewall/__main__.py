"""Kiel has a hand-made firewall. The groups are created first and attached later."""

import pulumi

from swyx_components import Installation, PhoneManager, SwyxGate, SwyxIt, SwyxServer, Vpc

config = pulumi.Config()

with Installation(dcom="restricted", h245="tunnelled") as swyx:
    kiel = swyx.site("kiel", Vpc(tags={"Name": "kiel"}), attach=config.require_bool("attach"))
    kiel.attach(SwyxServer, PhoneManager, name="ki-server", address="10.7.0.10")
    kiel.attach(SwyxGate, name="ki-gate", address="10.7.0.12")
    kiel.network("ki-office", "10.7.20.0/24", SwyxIt)

pulumi.export("installation", swyx.to_yaml())
