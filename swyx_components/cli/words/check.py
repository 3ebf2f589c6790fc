"""The words of `swyx check`."""

from swyx_components.cli.words.options import AsJson, File


def check(file: File, json: AsJson = False) -> int:
    """Judge a file: errors, warnings and notes."""
    from swyx_components.cli.check import check_file

    return check_file(file, as_json=json)
