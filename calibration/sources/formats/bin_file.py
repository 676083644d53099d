"""An InsightFace ``.bin`` set: a pickle of encoded photos, with one label per two photos.

A pickle is a program, and it is never executed: a parser accepts only the opcodes that build bytes,
booleans, numbers, lists, and arrays of bytes or booleans, as numpy and mxnet write them. Photos
stay in the file and are read by offset, so a set of many gigabytes takes little memory, and a false
length allocates nothing.
"""

from __future__ import annotations

import mmap
import pickletools
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, cast

from verikit.errors import WrongUse, in_words

MOST_OPCODES = 50_000_000
"""A photo takes about ten; a set of a million photos is allowed, a bomb of opcodes is not."""

_RECONSTRUCT = frozenset(f"numpy.{core}.multiarray _reconstruct" for core in ("core", "_core"))
_SCALAR = frozenset(f"numpy.{core}.multiarray scalar" for core in ("core", "_core"))
_FROM_BUFFER = frozenset(f"numpy.{core}.numeric _frombuffer" for core in ("core", "_core"))
_MADE_OF_BYTES = frozenset(
    f"{module} {name}" for module in ("builtins", "__builtin__") for name in ("bytes", "bytearray")
)
_NAMES = _RECONSTRUCT | _SCALAR | _FROM_BUFFER | _MADE_OF_BYTES
_NAMES |= {"numpy ndarray", "numpy dtype", "_codecs encode"}
_BYTE_TYPES = frozenset({"u1", "b1", "i1", "|u1", "|b1", "|i1", "?", "B", "bool", "uint8"})


class _NotPlain(Exception):  # noqa: N818 - it names what was found
    """The pickle holds something that no set of photos holds."""


@dataclass(frozen=True)
class _Stored:
    """Bytes that stay in the file."""

    start: int
    length: int


@dataclass(frozen=True)
class _Name:
    """A global by its name; nothing is imported."""

    name: str


@dataclass
class _Type:
    code: str


@dataclass
class _Array:
    """An array of bytes or booleans; ``data`` once it was given."""

    data: _Stored | bytes | None = None


class BinFile:
    """The photos by number, "0" to "2n - 1".

    ``same``, shape (n,): whether photos 2k and 2k + 1 show one person.
    """

    def __init__(self, path: Path) -> None:
        """Read the outline.

        Raises:
            WrongUse: it is no such set, or holds anything else than bytes and labels.
        """
        self._path = path
        try:
            with path.open("rb") as file, _mapped(file) as content:
                photos, labels = _outline(content)
                self.same = _labels(labels, content)
                self._photos = [_place(photo, content) for photo in _sequence(photos)]
        except (IndexError, struct.error, OverflowError, MemoryError) as error:
            raise WrongUse(f"{path} is not a .bin set, or is damaged.") from error
        except (OSError, ValueError, _NotPlain) as error:
            raise WrongUse(
                f"{path} is not a .bin set of photos and labels: {in_words(error)}."
            ) from error
        if len(self._photos) != 2 * len(self.same):
            raise WrongUse(
                f"{path} contains {len(self._photos)} photos and {len(self.same)} labels: it must "
                "contain two photos per label."
            )

    def names(self) -> list[str]:
        """Every photo."""
        return [str(number) for number in range(len(self._photos))]

    def read(self, name: str) -> bytes:
        """The photo of a number.

        Raises:
            WrongUse: there is no such photo, or the file is no longer there.
        """
        try:
            place = self._photos[int(name)]
            if isinstance(place, bytes):
                return place
            with self._path.open("rb") as file:
                file.seek(place.start)
                return file.read(place.length)
        except (ValueError, IndexError, OSError) as error:
            raise WrongUse(f"{self._path} contains no photo {name}.") from error


def _mapped(file: Any) -> mmap.mmap:
    return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)


def _outline(content: mmap.mmap) -> Sequence[Any]:
    """The two members of the outermost tuple or list."""
    result = _Machine(content).run()
    if not isinstance(result, tuple | list) or len(result) != 2:
        raise _NotPlain("it is not a pair of photos and labels")
    return result


def _sequence(value: Any) -> Sequence[Any]:
    if not isinstance(value, tuple | list):
        raise _NotPlain("the photos are not a list")
    return value


def _labels(value: Any, content: mmap.mmap) -> list[bool]:
    if isinstance(value, _Array):
        return [bool(byte) for byte in _bytes_of(value.data, content)]
    return [_label(one, content) for one in _sequence(value)]


def _label(value: Any, content: mmap.mmap) -> bool:
    if isinstance(value, _Array):
        data = _bytes_of(value.data, content)
        if len(data) != 1:
            raise _NotPlain("a label is not a boolean")
        value = data[0]
    if not isinstance(value, int) or value not in (0, 1):
        raise _NotPlain("a label is not a boolean")
    return bool(value)


def _place(photo: Any, content: mmap.mmap) -> _Stored | bytes:
    if isinstance(photo, _Array):
        photo = photo.data
    if isinstance(photo, str):  # the bytes of Python 2
        return photo.encode("latin-1")
    if not isinstance(photo, _Stored | bytes):
        raise _NotPlain("a photo is not bytes")
    return photo


def _bytes_of(data: Any, content: mmap.mmap) -> bytes:
    if isinstance(data, _Stored):
        return content[data.start : data.start + data.length]
    if isinstance(data, str):
        return data.encode("latin-1")
    if not isinstance(data, bytes):
        raise _NotPlain("an array has no content")
    return data


_MARK = object()


class _Machine:
    """Builds plain values from opcodes; a value is never called, imported or allocated ahead."""

    def __init__(self, content: mmap.mmap) -> None:
        self._content = content
        self._stack: list[Any] = []
        self._memo: dict[int, Any] = {}

    def run(self) -> Any:
        """The value that the opcodes build."""
        for count, (opcode, argument, position) in enumerate(
            pickletools.genops(cast(IO[bytes], self._content))
        ):
            if count >= MOST_OPCODES:
                raise _NotPlain("it has too many opcodes")
            if opcode.name == "STOP":
                return self._stack.pop()
            step = _STEPS.get(opcode.name)
            if step is None:
                raise _NotPlain(f"it contains {opcode.name}, which a set of photos does not need")
            step(self, argument, position or 0)
        raise _NotPlain("it ends too early")

    def push(self, value: Any) -> None:
        self._stack.append(value)

    def push_bytes(self, argument: bytes | bytearray, position: int, head: int) -> None:
        """Short ones are kept, photos are remembered by their place."""
        if len(argument) < 64:
            self.push(bytes(argument))
        else:
            self.push(_Stored(position + head, len(argument)))

    def pop(self) -> Any:
        value = self._stack.pop()
        if value is _MARK:
            raise _NotPlain("a mark is in the place of a value")
        return value

    def pop_to_mark(self) -> list[Any]:
        values: list[Any] = []
        while (value := self._stack.pop()) is not _MARK:
            values.append(value)
        return values[::-1]

    def pop_many(self, count: int) -> None:
        self.push(tuple([self.pop() for _ in range(count)][::-1]))

    def top(self) -> Any:
        return self._stack[-1]

    def put(self, place: int) -> None:
        self._memo[place] = self.top()

    def memoize(self) -> None:
        self.put(len(self._memo))

    def get(self, place: int) -> None:
        if place not in self._memo:
            raise _NotPlain("it refers to a missing value")
        self.push(self._memo[place])

    def extend(self, values: list[Any]) -> None:
        target = self.top()
        if not isinstance(target, list):
            raise _NotPlain("it appends to something that is not a list")
        target.extend(values)

    def append(self) -> None:
        self.extend([self.pop()])

    def append_many(self) -> None:
        self.extend(self.pop_to_mark())

    def name(self, name: str) -> None:
        if name not in _NAMES:
            raise _NotPlain(f"it loads {name.replace(' ', '.')}")
        self.push(_Name(name))

    def stacked_name(self) -> None:
        name, module = self.pop(), self.pop()
        self.name(f"{module} {name}")

    def reduce(self) -> None:
        arguments, function = self.pop(), self.pop()
        if not isinstance(function, _Name) or not isinstance(arguments, tuple):
            raise _NotPlain("it calls a function")
        self.push(_made(function.name, arguments))

    def build(self) -> None:
        state, target = self.pop(), self.top()
        if isinstance(target, _Type):
            _require_plain(state)
        elif isinstance(target, _Array) and isinstance(state, tuple) and len(state) == 5:
            _require_bytes(state[2])
            target.data = _content_of(state[4])
        else:
            raise _NotPlain("it sets the state of an object")


def _made(function: str, arguments: tuple[Any, ...]) -> Any:
    """What a call of one of the few known functions stands for."""
    if function == "numpy dtype":
        return _Type(str(arguments[0]))
    if function in _RECONSTRUCT and arguments[0] == _Name("numpy ndarray"):
        return _Array()
    if function in _SCALAR | _FROM_BUFFER:
        of_type, content = arguments[:2] if function in _SCALAR else arguments[1::-1]
        _require_bytes(of_type)
        return _Array(_content_of(content))
    if function == "_codecs encode" and arguments[1:] == ("latin1",):
        return str(arguments[0]).encode("latin-1")
    if function in _MADE_OF_BYTES and len(arguments) <= 1:
        return _content_of(arguments[0]) if arguments else b""
    raise _NotPlain(f"it calls {function.replace(' ', '.')} in an unknown way")


def _require_bytes(type_: Any) -> None:
    """Elements of one byte: then the content is what the file holds, and never a pointer."""
    if not isinstance(type_, _Type) or type_.code not in _BYTE_TYPES:
        raise _NotPlain("an array is not of bytes or booleans")


def _require_plain(state: Any) -> None:
    """The state of a type of single bytes says nothing that matters."""
    if not isinstance(state, tuple) or any(isinstance(x, tuple | list) for x in state[2:5]):
        raise _NotPlain("an array has a compound type")


def _content_of(value: Any) -> _Stored | bytes:
    if isinstance(value, _Array) and value.data is not None:
        value = value.data
    if isinstance(value, str):
        return value.encode("latin-1")
    if not isinstance(value, _Stored | bytes):
        raise _NotPlain("an array has no content")
    return value


def _constant(value: Any) -> Callable[[_Machine, Any, int], None]:
    return lambda machine, argument, position: machine.push(value)


def _stored(head: int) -> Callable[[_Machine, Any, int], None]:
    return lambda machine, argument, position: machine.push_bytes(argument, position, head)


def _argument(machine: _Machine, argument: Any, position: int) -> None:
    machine.push(argument)


def _do(method: Callable[[_Machine], None]) -> Callable[[_Machine, Any, int], None]:
    return lambda machine, argument, position: method(machine)


_STEPS: dict[str, Callable[[_Machine, Any, int], None]] = {
    **dict.fromkeys(("PROTO", "FRAME"), lambda machine, argument, position: None),
    **dict.fromkeys(("BININT", "BININT1", "BININT2", "INT", "LONG", "LONG1"), _argument),
    **dict.fromkeys(("SHORT_BINUNICODE", "BINUNICODE", "UNICODE"), _argument),
    "NONE": _constant(None),
    "NEWTRUE": _constant(True),
    "NEWFALSE": _constant(False),
    "MARK": _constant(_MARK),
    "EMPTY_LIST": lambda machine, argument, position: machine.push([]),
    "EMPTY_TUPLE": _constant(()),
    "SHORT_BINBYTES": _stored(2),
    "BINBYTES": _stored(5),
    "BINBYTES8": _stored(9),
    "BYTEARRAY8": _stored(9),
    "SHORT_BINSTRING": lambda m, argument, at: m.push_bytes(argument.encode("latin-1"), at, 2),
    "BINSTRING": lambda m, argument, at: m.push_bytes(argument.encode("latin-1"), at, 5),
    "LIST": lambda machine, argument, position: machine.push(machine.pop_to_mark()),
    "TUPLE": lambda machine, argument, position: machine.push(tuple(machine.pop_to_mark())),
    "TUPLE1": lambda machine, argument, position: machine.pop_many(1),
    "TUPLE2": lambda machine, argument, position: machine.pop_many(2),
    "TUPLE3": lambda machine, argument, position: machine.pop_many(3),
    "APPEND": _do(_Machine.append),
    "APPENDS": _do(_Machine.append_many),
    "POP": lambda machine, argument, position: machine.pop(),
    "GLOBAL": lambda machine, argument, position: machine.name(argument),
    "STACK_GLOBAL": _do(_Machine.stacked_name),
    "REDUCE": _do(_Machine.reduce),
    "BUILD": _do(_Machine.build),
    "MEMOIZE": _do(_Machine.memoize),
    **dict.fromkeys(("PUT", "BINPUT", "LONG_BINPUT"), lambda m, argument, at: m.put(argument)),
    **dict.fromkeys(("GET", "BINGET", "LONG_BINGET"), lambda m, argument, at: m.get(argument)),
}
