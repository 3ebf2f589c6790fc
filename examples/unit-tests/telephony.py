"""A customer's program: one site on AWS."""

from swyx_components import Installation, SwyxGate, SwyxIt, SwyxServer, Vpc


def deploy() -> Installation:
    with Installation(dcom="restricted", h245="tunnelled") as swyx:
        aachen = swyx.site("aachen", Vpc(tags={"Name": "aachen"}))
        aachen.attach(SwyxServer, address="10.1.0.10", name="server")
        aachen.attach(SwyxGate, address="10.1.0.12", name="gate")
        aachen.network("office", "10.1.20.0/24", SwyxIt)
    return swyx
