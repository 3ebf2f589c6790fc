"""The words of `swyx plan`."""

from swyx_components.cli.words.options import AsJson, Clouds, File, SiteNames


def plan(file: File, cloud: Clouds = None, site: SiteNames = None, json: AsJson = False) -> int:
    """Show every rule of every site.

    Each with the flows it is for and the article's lines. With --cloud, as that cloud would hold
    them: counted against its quotas and proved both ways.
    """
    from swyx_components.cli.plan import plan_file

    return plan_file(file, clouds=cloud or [], sites=site or [], as_json=json)
