"""An environment variable as every platform's stack files say it: learnt once.

| written                          | means                                              |
|----------------------------------|----------------------------------------------------|
| `NAME: text`                     | this value                                         |
| `{exists: true}`                 | it must be there; its value is somebody else's     |
| `{from_env: NAME}`               | the value of the runner's variable, a secret       |
| `{secret: name}`                 | a secret that changes on schedule; `part: p` of it |
| `{literal: text, because: why}`  | this value, though it looks like a secret          |
"""

import re
from typing import Annotated, Any, ClassVar, Self

from pydantic import Field, ValidationInfo, field_validator, model_validator

from .resource import STACK_FILE, Declaration, FromEnv, Kept, ReadOnly, Resource
from .secret import SecretText


class EnvironmentVariable(Resource):
    """What a variable says wherever it stands. A platform's own adds where that is, and what else is told of it."""

    shorthand = "value"
    section = "variables"
    logical_name: ClassVar[re.Pattern[str]] = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
    vendor: ClassVar[str]
    """The platform's name as its vendor writes it."""

    name: str = Field(description="the variable's name")
    exists: Annotated[bool, Declaration] = Field(False, description="it must be there; its value is not ours")
    ending: Annotated[str | None, Declaration] = Field(
        None, min_length=1, description="how a value that is not ours must end, as far as the platform shows it"
    )
    from_env: Annotated[str | None, Declaration, FromEnv("value")] = Field(
        None, description="the runner's variable that holds the value"
    )
    because: Annotated[str | None, Declaration] = Field(None, description="why a literal that looks secret is none")
    secret: Annotated[str | None, Declaration, Kept] = Field(
        None, min_length=1, description="the name under `secrets:` of what is rotated into it"
    )
    part: Annotated[str | None, Declaration] = Field(
        None, min_length=1, description="which part of the secret, where it has several"
    )
    previous: Annotated[str | None, Declaration] = Field(
        None, min_length=1, description="the variable for the second accepted value; `none`: there is no place for one"
    )
    # Below the others: its validator looks at them.
    value: str | SecretText | None = Field(None, validate_default=True, description="a plain value")
    updated_at: Annotated[str | None, ReadOnly] = Field(None, description="when it was last written")

    @model_validator(mode="before")
    @classmethod
    def _forms(cls, values: Any) -> Any:
        if not isinstance(values, dict):
            return values
        values = dict(values)
        if "literal" in values:
            if not values.get("because"):
                raise ValueError("a literal needs `because`: why it is no secret")
            values["value"] = values.pop("literal")
        if values.get("ending") is not None and not values.get("exists"):
            raise ValueError("`ending` is for {exists: true}; another value is compared whole")
        if values.get("secret") is None and any(values.get(name) is not None for name in ("part", "previous")):
            raise ValueError("`part` and `previous` are for {secret: name}")
        value = values.get("value")
        if isinstance(value, bool):
            values["value"] = "true" if value else "false"
        elif isinstance(value, int | float):
            values["value"] = str(value)
        return values

    @field_validator("value")
    @classmethod
    def _one_form(cls, value: str | SecretText | None, info: ValidationInfo) -> str | SecretText | None:
        named = [info.data.get(name) is not None for name in ("from_env", "secret")]
        told = [info.data.get("exists", False), *named, isinstance(value, str)]
        if sum(told) > 1 or (not any(told) and info.context == STACK_FILE and value is None):
            forms = "{secret: name}, {exists: true}, {from_env: NAME}, {literal: …, because: …}"
            raise ValueError(f"say one of: a value, {forms}")
        return value

    @property
    def only_seen(self) -> bool:
        return self.exists or self.rotated

    @property
    def rotated(self) -> bool:
        return self.secret is not None

    def is_read_by(self, other: Resource) -> bool:
        """Whether another variable takes its value from this one, by the platform's own reference."""
        return False

    def by_hand(self) -> str:
        return f"its value is not ours: set it once in {self.vendor}" if self.exists else ""

    def unfit(self, live: Self) -> str:
        """By the ending alone: more of a value that is not ours is nobody's to know."""
        if self.ending is None or not isinstance(live.value, SecretText) or live.value.ends_with(self.ending):
            return ""
        return f"its value does not end in {self.ending}; set it right in {self.vendor}"
