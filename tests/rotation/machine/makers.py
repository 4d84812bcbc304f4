"""Where values come from in the world, and what re-encrypts its rows. Every call has a point before and after."""

from collections.abc import Sequence

from reconcile.model.errors import Rejected
from reconcile.model.issuing import Found, Minted, Value
from reconcile.model.rotated import VALUE
from reconcile.model.secret import SecretText

from .books import print_of
from .points import AFTER, WRITE
from .world import CURRENT, World


def secret(value: str) -> SecretText:
    return SecretText(value, "made", print_of(value))


class Generated:
    """Values of our own: nothing outlives a call that was not kept."""

    makes = True
    in_place = False
    ceiling: int | None = None

    def __init__(self, world: World, parts: tuple[str, ...] = (VALUE,)) -> None:
        self.world = world
        self.parts = parts

    def mint(self, name: str) -> Minted:
        self.world.point("generate", AFTER)
        made = {part: secret(self.world.fresh_value()) for part in self.parts}
        self.world.happened("generate")
        self.world.point("generate done", AFTER)
        return Minted("", made)

    def find(self, prefix: str) -> Sequence[Found]:
        return ()

    def revoke(self, id: str, value: Value | None) -> None:
        return

    def takes(self, value: Value) -> bool | None:
        return None


class Issued:
    """Credentials told once. With `roles`, idle ones of so many get a new password; in place, the one before dies."""

    makes = True

    def __init__(self, world: World, *, roles: int = 0, in_place: bool = False, ceiling: int | None = None) -> None:
        self.world = world
        self.roles = roles
        self.in_place = in_place
        self.ceiling = ceiling

    def mint(self, name: str) -> Minted:
        alive = sum(one.live for one in self.world.credentials.values())
        if self.ceiling is not None and not self.in_place and alive >= self.ceiling:
            self.world.point("make refused", AFTER)
            raise Rejected(f"{alive} of {self.ceiling} there already")
        made = self.world.call(f"make {name}", WRITE, self.world.make, name, self.roles, self.in_place)
        return Minted(made.id, {VALUE: secret(made.value)})

    def find(self, prefix: str) -> Sequence[Found]:
        def now() -> list[Found]:
            there = self.world.credentials.values()
            return [Found(one.id, one.name) for one in there if one.live and one.name.startswith(prefix)]

        # A listing that lags does not show the newest.
        found: list[Found] = self.world.read("list credentials", now, lambda: now()[:-1])
        return () if self.in_place else found

    def revoke(self, id: str, value: Value | None) -> None:
        self.world.call(f"end {id}", WRITE, self.world.end, id)

    def takes(self, value: Value) -> bool | None:
        text = value[VALUE].reveal()
        answer: bool = self.world.read("try credential", lambda: self.world.is_live(text))
        return answer


class Person:
    """Makes nothing by itself: somebody does, elsewhere. The platform can tell whether a value is taken."""

    makes = False
    in_place = False
    ceiling: int | None = None

    def __init__(self, world: World) -> None:
        self.world = world

    def mint(self, name: str) -> Minted:
        raise AssertionError("only a person makes this one")

    def find(self, prefix: str) -> Sequence[Found]:
        return ()

    def revoke(self, id: str, value: Value | None) -> None:
        raise AssertionError("only a person ends this one")

    def takes(self, value: Value) -> bool | None:
        return bool(self.world.read("try credential", lambda: self.world.is_live(value[VALUE].reveal())))


class Reencryption:
    """Moves rows from one key to the next, a batch a call; what is left is counted by what services encrypt with."""

    def __init__(self, world: World) -> None:
        self.world = world

    def run(self, old: Value, new: Value) -> None:
        self.world.call("re-encrypt", WRITE, self.world.reencrypt, old[VALUE].reveal(), new[VALUE].reveal())

    def left(self) -> int:
        used = [holds[CURRENT] for _, holds in self.world.running()]
        count: int = self.world.read("count rows", lambda: sum(row != used[0] for row in self.world.rows))
        return count
