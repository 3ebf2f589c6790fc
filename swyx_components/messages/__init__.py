"""Every message of the project as data: id, severity, sentence, remedy."""

from swyx_components.messages.render import Message, Severity, SwyxError, errors_of, raise_errors

__all__ = ["Message", "Severity", "SwyxError", "errors_of", "raise_errors"]
