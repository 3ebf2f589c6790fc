"""The words of `swyx catalogue`."""

from swyx_components.cli.words.options import AsJson


def catalogue(json: AsJson = False) -> int:
    """List the article's roles, ports and flows."""
    from swyx_components.cli.reference import print_catalogue

    return print_catalogue(as_json=json)
