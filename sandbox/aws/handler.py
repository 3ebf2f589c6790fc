"""What all AWS resource types share: EC2's errors, the region, tags, and types that a table describes."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from sandbox.aws.session import Session
from sandbox.aws.tables import Kind, snake
from sandbox.provider import CloudError, Failure, Props, ResourceHandler, State

GONE = "NotFound"
"""How the codes of EC2 end that say that a resource does not exist (any more)."""


@contextmanager
def ec2_errors(*tolerated: str) -> Iterator[None]:
    """Turn boto3's errors into ours, but for codes that end like one of `tolerated`."""
    try:
        yield
    except ClientError as refused:
        error = refused.response.get("Error", {})
        if not error.get("Code", "").endswith(tolerated):
            raise CloudError(
                error.get("Code", "Unknown"), error.get("Message", ""), refused.operation_name
            ) from refused
    except BotoCoreError as failed:
        raise CloudError(type(failed).__name__, str(failed)) from failed


def find_one(client: Any, kind: Kind, id: str) -> dict[str, Any] | None:
    """What EC2 tells of the resource with this id; None when there is none."""
    with ec2_errors(GONE):
        found = kind.list_in(getattr(client, kind.call)(**{f"{kind.id_argument}s": [id]}))
        return found[0] if found else None
    return None


def write_tags(tags: Mapping[str, str]) -> list[dict[str, str]]:
    """The tags as EC2's API takes them."""
    return [{"Key": key, "Value": value} for key, value in sorted(tags.items())]


def read_tags(resource: Mapping[str, Any]) -> dict[str, str]:
    """A resource's tags; those that AWS itself sets are not the program's."""
    listed = resource.get("Tags") or resource.get("TagSet") or []
    return {each["Key"]: each["Value"] for each in listed if not each["Key"].startswith("aws:")}


def specify_tags(kind: str, tags: Mapping[str, str] | None) -> dict[str, Any]:
    """The argument that tags a resource in the call that creates it, or nothing."""
    return {"TagSpecifications": [{"ResourceType": kind, "Tags": write_tags(tags)}]} if tags else {}


def update_tags(client: Any, id: str, old: Props, new: Props) -> None:
    """Bring a resource's tags from the old inputs' to the new inputs'."""
    before, after = old.get("tags") or {}, new.get("tags") or {}
    gone = sorted(before.keys() - after.keys())
    changed = {key: value for key, value in after.items() if before.get(key) != value}
    if gone:
        client.delete_tags(Resources=[id], Tags=[{"Key": key} for key in gone])
    if changed:
        client.create_tags(Resources=[id], Tags=write_tags(changed))


class AwsHandler(ResourceHandler):
    """A resource type of EC2: a table for what it reads, the verbs in subclasses."""

    kind: Kind

    takes_tags: bool = True

    supported: frozenset[str] = frozenset()
    """The inputs that the stand-in has, `region` and `tags` apart: another one is refused."""

    sets: tuple[str, ...] = ()
    """Inputs whose order says nothing."""

    drifting: frozenset[str] = frozenset({"tags"})
    """Inputs that a refresh picks up even if the program never gave them."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def ec2(self, inputs: Props) -> Any:
        """The client for the resource's own region, or the provider's."""
        return self._session.client(inputs.get("region"))

    def describe(self, id: str, inputs: Props) -> Props | None:
        """The resource's outputs as EC2 tells them now, inputs included; None when it is gone."""
        found = find_one(self.ec2(inputs), self.kind, id)
        return None if found is None else self.complete(id, inputs, found, self.kind.read(found))

    def check(self, inputs: Props) -> list[Failure]:
        unknown = sorted(inputs.keys() - self.supported - {"region", "tags"})
        return [Failure(name, f"the offline provider does not have {name}") for name in unknown]

    def fill(self, inputs: Props) -> Props:
        """The provider's default tags are part of every resource's tags, as in the real provider."""
        given = inputs.get("tags") or {}
        if not self.takes_tags or not self._session.default_tags or not isinstance(given, dict):
            return inputs
        return {**inputs, "tags": {**self._session.default_tags, **given}}

    def canonical(self, inputs: Props) -> Props:
        listed = {name for name in self.sets if isinstance(inputs.get(name), list)}
        return {**inputs, **{name: sorted(inputs[name]) for name in listed}}

    def read(self, id: str, inputs: Props, outputs: Props) -> State | None:
        """What the program gave, as it is now, and what was added of inputs that drift or exist."""
        region = {name: value for name, value in {**outputs, **inputs}.items() if name == "region"}
        live = self.describe(id, {**inputs, **region})
        if live is None:
            return None
        kept = {name: inputs[name] for name in inputs if name not in live}
        known = {
            name: value
            for name, value in live.items()
            if name in self.input_names - {"region"}
            and (name in inputs or not inputs or name in self.drifting)
            and (name in inputs or value not in (None, "", [], {}))
        }
        return State(id=id, inputs={**kept, **known}, outputs={**kept, **live})

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

    def complete(self, id: str, inputs: Props, found: Props, properties: Props) -> Props:
        """Outputs with ARN and region, the tags twice, and sets in the order that the program gave."""
        region = inputs.get("region") or self._session.region
        owner = found.get("OwnerId") or found.get("GroupOwnerId") or ""
        tags = read_tags(found)
        ordered = {
            name: inputs[name]
            for name in self.sets
            if name in inputs and {*inputs[name]} == {*properties.get(name, ())}
        }
        arn = f"arn:aws:ec2:{region}:{owner}:{self.kind.path}/{id}"
        common = {"arn": arn, "region": region, "tags": tags, "tagsAll": tags}
        return {**properties, **ordered, **common}


class RegularHandler(AwsHandler):
    """A type whose calls are called after it, and whose inputs a table turns into arguments."""

    arguments: Mapping[str, str] = MappingProxyType({})
    """Inputs of the call that creates one."""

    attributes: Mapping[str, str] = MappingProxyType({})
    """Inputs that are set by a call of their own each: EC2 takes no more at once."""

    def create(self, inputs: Props) -> State:
        client, noun = self.ec2(inputs), self.kind.noun
        given = {a: inputs[name] for name, a in self.arguments.items() if name in inputs}
        with ec2_errors():
            made = getattr(client, f"create_{snake(noun)}")(
                **given,
                **self.more_arguments(inputs),
                **specify_tags(self.kind.path, inputs.get("tags")),
            )
            id = self.kind.id_of(made[noun])
            made_with = inputs.keys() - self.attributes
            self.change(client, id, inputs, {name: inputs[name] for name in made_with})
        return self.settle(id, inputs)

    def more_arguments(self, inputs: Props) -> dict[str, Any]:
        """Arguments of the creating call that are not inputs as they are."""
        return {}

    def change(self, client: Any, id: str, new: Props, old: Props) -> None:
        """Write the attributes that differ."""
        modify = getattr(client, f"modify_{snake(self.kind.noun)}_attribute")
        for name, attribute in self.attributes.items():
            if name in new and new[name] != old.get(name):
                modify(**{f"{self.kind.noun}Id": id, attribute: {"Value": new[name]}})

    def update(self, id: str, new: Props, old: Props, outputs: Props) -> State:
        client = self.ec2(new)
        with ec2_errors():
            self.change(client, id, new, {**old, **outputs})
            update_tags(client, id, old, new)
        return self.settle(id, new)

    def delete(self, id: str, inputs: Props, outputs: Props) -> None:
        client, noun = self.ec2({**outputs, **inputs}), self.kind.noun
        with ec2_errors(GONE):
            getattr(client, f"delete_{snake(noun)}")(**{f"{noun}Id": id})
