"""Sites, machines and roles for every stack; no site has a cloud yet."""

from swyx_components import (
    Installation,
    LinkManager,
    PhoneManager,
    SwyxGate,
    SwyxIt,
    SwyxPhoneL420,
    SwyxServer,
)


def declare() -> Installation:
    swyx = Installation(dcom="restricted", h245="tunnelled")

    hamburg = swyx.site("hamburg")
    hamburg.attach(SwyxServer, PhoneManager, name="hh-server", address="10.5.0.10")
    link = hamburg.attach(LinkManager, name="hh-link", address="10.5.0.11")
    hamburg.network("hh-office", "10.5.20.0/24", SwyxIt, SwyxPhoneL420)

    bremen = swyx.site("bremen")
    bremen.attach(SwyxServer, name="hb-server", address="10.6.0.10")
    bremen.attach(SwyxGate, name="hb-gate", address="10.6.0.12")
    bremen.network("hb-office", "10.6.20.0/24", SwyxIt)

    swyx.link(hamburg, bremen, through=link)
    return swyx
