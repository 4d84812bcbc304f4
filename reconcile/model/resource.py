"""What a platform can hold: addresses, typed resources, and the traits of their fields."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, ClassVar, Self, get_args

from pydantic import BaseModel, ConfigDict

from .bridge import Bridge
from .secret import SecretText

LOGICAL_NAME = re.compile(r"[a-z0-9][a-z0-9-]*\Z")
# `$${` is an escape, `${{` is the platform's own; both pass untouched.
REFERENCE = re.compile(r"(?<!\$)\$\{(?!\{)([^{}]*)\}")

Key = tuple[str, ...]
STACK_FILE = {"door": "stack file"}
"""Validation context of what a stack file says; a validator may ask more of it than of an answer."""


@dataclass(frozen=True)
class Trait:
    """A mark on a field that diff, sandbox, docs and Pulumi read."""

    word: str


ReadOnly = Trait("read-only")
Immutable = Trait("immutable")
Secret = Trait("secret")
Declaration = Trait("declaration")
"""Said in the stack file only: no platform answers it, nothing is compared."""
Kept = Trait("kept")
"""A declaration that the ledger remembers with what was applied."""


@dataclass(frozen=True)
class RefersTo:
    """The field names another resource: a bare logical name in YAML, that resource's own name after loading."""

    kind: str


@dataclass(frozen=True)
class FromEnv:
    """The field names an environment variable of the runner, whose value goes into `field` as a secret."""

    field: str


@dataclass(frozen=True, order=True, slots=True)
class Address:
    """`platform.kind.name`: also the path in the YAML. A grouped kind's name is `group/name`."""

    platform: str
    kind: str
    name: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Raises ValueError where the text is not an address."""
        platform, _, rest = text.partition(".")
        kind, _, name = rest.partition(".")
        if not (platform and kind and name):
            raise ValueError(f"{text!r} is no address (platform.kind.name)")
        return cls(platform, kind, name)

    @property
    def full_kind(self) -> str:
        return f"{self.platform}.{self.kind}"

    @property
    def leaf(self) -> str:
        """The logical name without its group."""
        return self.name.rpartition("/")[2]

    def __str__(self) -> str:
        return f"{self.platform}.{self.kind}.{self.name}"


@dataclass(frozen=True)
class Reference:
    """`${platform.kind.name.field}`: one field of one address."""

    address: Address
    field: str

    @classmethod
    def parse(cls, inside: str) -> Self:
        """Reads what stands between the braces. Raises ValueError."""
        head, _, field = inside.strip().rpartition(".")
        if not field:
            raise ValueError(f"{inside!r} is no reference (platform.kind.name.field)")
        return cls(Address.parse(head), field)

    def __str__(self) -> str:
        return f"{self.address}.{self.field}"


def references_in(text: str) -> tuple[Reference, ...]:
    """Every reference of ours in a text, in order. Raises ValueError on a malformed one."""
    return tuple(Reference.parse(inside) for inside in REFERENCE.findall(text))


def is_pending(value: object) -> bool:
    """Whether a value is still the text of a reference; normalisers let such a value pass."""
    return isinstance(value, str) and REFERENCE.search(value) is not None


class Resource(BaseModel):
    """A typed thing on a platform. Frozen; equal when its comparable fields are equal.

    One model serves both doors: our YAML is read by field name and unknown fields are errors; a vendor's answer is
    read by alias and unknown fields are ignored. Validation normalises and never does I/O. A field whose declared
    value is None is left as it lives and is not compared.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    kind: ClassVar[str]
    """`platform.kind`."""
    section: ClassVar[str] = ""
    """Its key in a stack file; "" means the last word of `kind`."""
    group_by: ClassVar[str] = ""
    """The field (with `RefersTo`) whose logical name groups the section: `records: {bilko-io: {mail: …}}`."""
    nested: ClassVar[bool] = False
    """Its section stands inside the entry of the resource that groups it, and is applied together with it."""
    apart: ClassVar[bool] = False
    """Where several are written down at once, each has a stack of its own with everything that stands in it."""
    shorthand: ClassVar[str] = ""
    """The field that a bare value in the stack file means: `NODE_ENV: production`; "" where fields are always named."""
    shortest: ClassVar[Mapping[str, Any]] = {}
    """What the page's example begins with, where the fields alone do not tell what passes."""
    logical_name: ClassVar[re.Pattern[str]] = LOGICAL_NAME
    """What its logical names look like."""
    lookup: ClassVar[bool] = False
    """Only looked up: never created, changed or deleted by us."""
    protected: ClassVar[bool] = False
    """Holds what cannot be made again: deleted by hand only."""
    runs: ClassVar[bool] = False
    """Something runs there that ends with it: deleted once a person agreed."""
    standing: ClassVar[bool] = False
    """Whatever it stands in has one unasked, in a plain state: it counts as there where it is otherwise, or ours."""
    in_dns: ClassVar[bool] = False
    """It stands in a zone and says what a name there holds."""
    starts_by: ClassVar[str] = ""
    """Of what may hold a rotated secret: the field (with `RefersTo`) that names what must start anew to read it; ""
    means what groups it."""
    marker_field: ClassVar[str] = ""
    """The field that carries our owner mark where it is undeclared; "" where the platform has no place for one."""
    in_pulumi: ClassVar[bool] = True
    """Pulumi builds it where the stack says `writer: pulumi`; False: we do, whoever writes the rest of its stack."""
    bridge: ClassVar[Bridge | None] = None
    """The vendor's own Pulumi resource that stands for it; None: our provider writes it."""

    @classmethod
    def declared(cls, values: Mapping[str, Any]) -> Self:
        """From our YAML: by field name, unknown fields refused. Raises pydantic.ValidationError."""
        return cls.model_validate(values, by_name=True, by_alias=False, extra="forbid", context=STACK_FILE)

    @classmethod
    def remembered(cls, values: Mapping[str, Any]) -> Self:
        """From the ledger, which holds no secrets: what a stack file must say may be missing here."""
        return cls.model_validate(values, by_name=True, by_alias=False, extra="forbid")

    @classmethod
    def answered(cls, values: Mapping[str, Any]) -> Self:
        """From a vendor's answer: by alias, unknown fields ignored. Raises pydantic.ValidationError."""
        return cls.model_validate(values, by_name=True, by_alias=True, extra="ignore")

    @classmethod
    def having(cls, trait: Trait) -> frozenset[str]:
        """Names of the fields with a trait."""
        return _having(cls, trait)

    @classmethod
    def comparable(cls) -> tuple[str, ...]:
        """Fields that a person can edit and a plan compares: all but those that only one side knows."""
        return _comparable(cls)

    @classmethod
    def writable(cls) -> tuple[str, ...]:
        """Fields that a stack file may say."""
        return tuple(name for name in cls.model_fields if name not in cls.having(ReadOnly))

    @classmethod
    def refers(cls) -> Mapping[str, str]:
        """Field to the kind it names."""
        return _refers(cls)

    @classmethod
    def from_environment(cls) -> Mapping[str, str]:
        """Field that names a variable of the runner to the field that its value goes into."""
        return _from_environment(cls)

    def named_by(self, field: str) -> tuple[str, ...]:
        """What a field that refers to other resources holds after loading, one name or several."""
        value = getattr(self, field)
        return tuple(value) if isinstance(value, tuple) else (str(value),)

    def container(self) -> str:
        """What a listing is made of: the zone of a record. "" for what lists by account."""
        return ""

    def keys(self) -> tuple[Key, ...]:
        """Natural keys, strongest first.

        The first must be unique among live things and says who owns what. A weaker one matches only where one
        declared and one live thing are left over that share it.
        """
        return ((str(getattr(self, "name", "")),),)

    @property
    def only_seen(self) -> bool:
        """Must be there, and is never made, changed, owned or deleted by us."""
        return self.lookup

    @property
    def rotated(self) -> bool:
        """Its value moves by rotation alone. A plan only matches it: it is no gap where it is missing, and no drift
        where it was written; it is deleted as any other once its stack no longer says it."""
        return False

    def by_hand(self) -> str:
        """Why only a person can make it where it is missing; "" where we can."""
        return ""

    def unfit(self, live: Self) -> str:
        """Why what lives will not do, of what is only seen; "" where it will, and where nobody can read it."""
        return ""

    def decided_elsewhere(self) -> frozenset[str]:
        """Fields of a live thing that no setting of the platform decides: a difference in them cannot be written."""
        return frozenset()

    def loosened(self, after: "Resource | None") -> str:
        """Why a person must agree before it becomes `after`, None where it is deleted; "" where nobody need."""
        return ""

    def touched_at(self) -> str:
        """When the platform says that it was last written; "" where it does not say."""
        return str(getattr(self, "updated_at", None) or "")

    def secrets(self) -> dict[str, SecretText]:
        """Its secret values, by field."""
        found = ((name, getattr(self, name)) for name in _may_be_secret(type(self)))
        return {name: value for name, value in found if isinstance(value, SecretText)}

    def prints(self) -> dict[str, str]:
        """The fingerprints of its secret values, by field; what has none is left out."""
        return {name: value.print for name, value in self.secrets().items() if value.print}

    def referred_as(self) -> str:
        """What a field that names this resource holds after loading: its own name, or its path where names repeat."""
        return str(getattr(self, "name", ""))

    def contents(self) -> str:
        """The container of what it groups: the zone's own name for its records."""
        return self.referred_as()

    def apart_by(self) -> str:
        """What tells it from others of its name in short: a record's type. "" where nothing does."""
        return str(getattr(self, "type", None) or "")

    def worded(self) -> Mapping[str, Any]:
        """Fields that a person writes otherwise than the platform tells them, and means the same; None: not at all."""
        return {}

    def untold(self) -> str:
        """What of a live thing no stack file can say, as a sentence; "" where all can be said."""
        return ""

    def remarks(self) -> tuple[str, ...]:
        """What a reader should know of a live thing though nothing differs, as that everybody can read it."""
        return ()

    def risks(self) -> tuple[str, ...]:
        """What may hurt one day though it is valid, a sentence each; a rule warns of them."""
        return ()

    def asks_of_dns(self) -> Mapping[str, frozenset[str]]:
        """Host names that it answers at, each with what a record may hold to lead there; empty: whatever it holds."""
        return {}

    def leads(self) -> tuple[str, str]:
        """Of what stands in DNS: its name, and the host or address it leads to; ("", "") where it leads nowhere."""
        return "", ""

    def title(self) -> str:
        """How a person at the console would call it."""
        return " ".join(filter(None, self.keys()[0]))


@cache
def _having(cls: type[Resource], trait: Trait) -> frozenset[str]:
    return frozenset(name for name, field in cls.model_fields.items() if trait in field.metadata)


@cache
def _comparable(cls: type[Resource]) -> tuple[str, ...]:
    told = (ReadOnly, Declaration)
    return tuple(name for name, field in cls.model_fields.items() if not any(mark in field.metadata for mark in told))


@cache
def _may_be_secret(cls: type[Resource]) -> tuple[str, ...]:
    """Fields whose type admits a secret."""
    types = {name: cls.model_fields[name].annotation for name in cls.comparable()}
    return tuple(name for name, kind in types.items() if kind is SecretText or SecretText in get_args(kind))


@cache
def _refers(cls: type[Resource]) -> Mapping[str, str]:
    found = {}
    for name, field in cls.model_fields.items():
        for mark in field.metadata:
            if isinstance(mark, RefersTo):
                found[name] = mark.kind
    return found


@cache
def _from_environment(cls: type[Resource]) -> Mapping[str, str]:
    marks = ((name, mark) for name, field in cls.model_fields.items() for mark in field.metadata)
    return {name: mark.field for name, mark in marks if isinstance(mark, FromEnv)}
