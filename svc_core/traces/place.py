"""Where traces lie: a folder of this machine, or any address that fsspec opens (https, s3, gs, hf, ...).

Only what reading needs: the bytes of a small file, up to a limit, and what changes when a file does.
fsspec is imported for addresses alone; some of them want a package more (https: aiohttp, s3: s3fs).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, unquote


class PlaceError(ValueError):
    """What cannot be read where it should be; the message says which and what to do."""


@dataclass(frozen=True)
class Place:
    """A folder by its path or address, without a slash at its end."""

    address: str

    @property
    def path(self) -> Path | None:
        """On this machine; None for an address."""
        return None if "://" in self.address else Path(self.address)

    @property
    def name(self) -> str:
        """Last part of the path or address, as it is read."""
        if self.path is not None:
            return self.path.name
        last = self.address.rstrip("/").rsplit("/", 1)[-1]
        return unquote(last) if _is_web(self.address) else last

    def child(self, name: str) -> Place:
        """The folder of that name inside."""
        if self.path is not None:
            return Place(str(self.path / name))
        return Place(f"{self.address}/{quote(name) if _is_web(self.address) else name}")

    def read(self, name: str, most: int) -> bytes:
        """The bytes of a file in it. Raises PlaceError where it is missing, out of reach or longer than ``most``."""
        with self._told(name):
            if self.path is not None:
                with (self.path / name).open("rb") as file:
                    data = file.read(most + 1)
            else:
                data = _read_address(self.child(name).address, most + 1)
        if len(data) > most:
            raise PlaceError(f"{name} in {self.address} is longer than the {most} bytes it may have.")
        return data

    def changed(self, name: str) -> str | None:
        """What is another when the file is: size and time, or a server's own mark; None where there is no file."""
        if self.path is not None:
            try:
                stat = (self.path / name).stat()
            except OSError:
                return None
            return f"{stat.st_size}-{stat.st_mtime_ns}-{stat.st_ino}"
        try:
            with self._told(name):
                facts = _files(self.address).info(self.child(name).address)
        except PlaceError:
            return None
        # each kind of server has marks of its own; where it sends one on to is signed anew each time
        return ", ".join(f"{mark}: {fact}" for mark, fact in sorted(facts.items()) if mark != "url")

    @contextmanager
    def _told(self, name: str) -> Iterator[None]:
        try:
            yield
        except FileNotFoundError as error:
            raise PlaceError(f"{name} is missing in {self.address}.") from error
        except ImportError as error:
            raise PlaceError(f"{self.address} cannot be opened: {error}; install that package.") from error
        except (OSError, ValueError) as error:
            raise PlaceError(f"{name} in {self.address} cannot be read ({_line(error)}).") from error
        except Exception as error:  # aiohttp, botocore and others raise errors of their own, of no common kind
            if self.path is not None:
                raise
            kind = type(error).__name__
            raise PlaceError(f"{name} in {self.address} cannot be reached ({kind}: {_line(error)}).") from error


def _files(address: str):
    from fsspec.core import url_to_fs  # a third of a second that a local folder need not wait for

    return url_to_fs(address)[0]


def _read_address(address: str, most: int) -> bytes:
    """The first ``most`` bytes of a file, or all that it has."""
    files = _files(address)
    if not _is_web(address):
        return files.cat_file(address, start=0, end=most)
    # a web server may ignore a range and send without end: its answer is read as a stream, as far as it is wanted
    parts, missing = [], most
    with files.open(address, "rb", block_size=0, size=most) as stream:
        while missing and (part := stream.read(missing)):
            parts.append(part)
            missing -= len(part)
    return b"".join(parts)


def _is_web(address: str) -> bool:
    return address.startswith(("http://", "https://"))


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:300] or type(error).__name__


def place_of(given: str | Path | Place) -> Place:
    """A path or an address as a place; a place as it is."""
    if isinstance(given, Place):
        return given
    text = str(given)
    return Place(text.rstrip("/") if "://" in text else text)
