"""What all AWS resource types share: the session, the region, tags and the provider's default tags."""

from __future__ import annotations

from typing import Any, ClassVar

from sandbox.aws.calls import ec2_errors
from sandbox.aws.session import Session
from sandbox.provider import Props, ResourceHandler, State, refresh_inputs


class AwsHandler(ResourceHandler):
    """A resource type of EC2. Subclasses add the verbs, and ``describe`` for reading and for what
    follows a change.
    """

    takes_tags: ClassVar[bool] = True

    drifting: ClassVar[frozenset[str]] = frozenset({"tags"})
    """Inputs that a refresh picks up even if the program never gave them."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def ec2(self, inputs: Props) -> Any:
        """The client for the resource's own region, or the provider's."""
        return self._session.client("ec2", inputs.get("region"))

    def describe(self, id: str, inputs: Props) -> Props | None:
        """The resource's outputs as EC2 tells them now, inputs included; None when it is gone."""
        raise NotImplementedError

    def fill(self, inputs: Props) -> Props:
        """The provider's default tags are part of every resource's tags, as in the real provider."""
        if not self.takes_tags or not self._session.default_tags:
            return inputs
        given = inputs.get("tags") or {}
        return (
            {**inputs, "tags": {**self._session.default_tags, **given}}
            if isinstance(given, dict)
            else inputs
        )

    def read(self, id: str, inputs: Props, outputs: Props) -> State | None:
        region = {name: value for name, value in {**outputs, **inputs}.items() if name == "region"}
        live = self.describe(id, {**inputs, **region})
        if live is None:
            return None
        own = {
            name: value
            for name, value in live.items()
            if name in self.input_names and name != "region"
        }
        known = {
            name: value
            for name, value in own.items()
            if not inputs or name in inputs or name in self.drifting
        }
        kept = {name: inputs[name] for name in inputs if name not in live}
        return State(
            id=id, inputs={**kept, **refresh_inputs(inputs, known)}, outputs={**kept, **live}
        )

    def settle(self, id: str, inputs: Props) -> State:
        """The state after a change: the inputs, and what EC2 says of the rest."""
        with ec2_errors():
            live = self.describe(id, inputs) or {}
        return State(id=id, inputs=inputs, outputs={**inputs, **live})

    def preview_create(self, inputs: Props, output_names: frozenset[str]) -> Props:
        known: Props = {"region": inputs.get("region") or self._session.region}
        if self.takes_tags:
            known["tagsAll"] = inputs.get("tags") or {}
        return {**super().preview_create(inputs, output_names), **known}

    def preview_update(self, new: Props, outputs: Props) -> Props:
        known = {"tagsAll": new.get("tags") or {}} if self.takes_tags else {}
        return {**super().preview_update(new, outputs), **known}

    def with_region_and_tags(
        self, inputs: Props, tags: dict[str, str] | None, **outputs: Any
    ) -> Props:
        """Outputs with the region, and the tags twice, as every resource has them."""
        common: Props = {"region": inputs.get("region") or self._session.region}
        if tags is not None:
            common |= {"tags": tags, "tagsAll": tags}
        return {name: value for name, value in {**outputs, **common}.items() if value is not None}

    def arn(self, inputs: Props, owner: str, path: str) -> str:
        """The ARN of an EC2 resource, such as ``security-group/sg-1``."""
        return f"arn:aws:ec2:{inputs.get('region') or self._session.region}:{owner}:{path}"
