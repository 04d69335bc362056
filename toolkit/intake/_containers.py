"""Open what was received: files, folders, split volumes, archives within archives, down to plain streams.

Every member of a container is copied to a private file of the intake's own folder under a number, never under its own
name. Links and devices are not followed. What is unpacked is counted as it comes: an archive that expands beyond the
limit ends the intake. The kind of a file is decided by its first bytes, never by its name.
"""

from __future__ import annotations

import bz2
import hashlib
import lzma
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Any

from toolkit._platform import make_private
from toolkit.errors import InputError
from toolkit.intake._kinds import Finding

__all__ = ["EXPANSION", "Limits", "Received", "Stream", "open_all", "received_files"]

EXPANSION = 200
"""Bytes that may come out of one byte received, unless a user raises the limit."""
_CHUNK = 1 << 20
_HEAD = 512
_TAR_MAGIC = slice(257, 262)


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits against archives that expand enormously."""

    expansion: int = EXPANSION
    """Bytes that may come out of one byte received, over all files."""
    floor: int = 1 << 20
    """Bytes that may always come out, however small the archive."""
    depth: int = 5
    """Containers within containers."""
    members: int = 10_000


@dataclass(frozen=True, slots=True)
class Received:
    """One file as received: its path, size and SHA-256."""

    path: Path
    name: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Stream:
    """A plain stream of bytes: a received file, or a member of a container in a file of the intake's own."""

    source: str
    """Its place, such as `dump.zip/january/patients.csv`."""
    path: Path
    size: int
    sha256: str
    cut: bool = False
    """Whether its container ends before it does."""


def received_files(paths: Sequence[Path]) -> list[Path]:
    """Return the files of the paths: folders are searched, without following links; sorted within each folder.

    Raises `InputError` for a path that is missing, that is no file or folder, or a folder without files.
    """
    files: list[Path] = []
    for path in paths:
        if path.is_dir():
            found = sorted(each for each in path.rglob("*") if each.is_file() and not each.is_symlink())
            if not found:
                raise InputError(f"The folder {path} holds no files: give the folder of a dump.")
            files += found
        elif not path.exists():
            raise InputError(f"There is no file {path}: give the files or the folder of a dump.")
        elif not stat.S_ISREG(path.stat().st_mode):
            raise InputError(f"{path} is no plain file: give the files or the folder of a dump.")
        else:
            files.append(path)
    return list(dict.fromkeys(files))


def open_all(
    files: Sequence[Path],
    work: Path,
    limits: Limits,
    passwords: Sequence[str],
    progress: Callable[[int], None] = lambda _done: None,
) -> tuple[list[Received], list[Stream], list[Finding]]:
    """Return the files as received, their plain streams in order, and findings about containers and their members.

    `work` is a private folder for unpacked members. Raises `InputError` for a missing volume, an archive that expands
    beyond the limits, and one that cannot be opened at all.
    """
    opener = _Opener(work, limits, passwords, progress)
    for group in _volumes(files):
        opener.add(group)
    opener.finish()
    return opener.received, opener.streams, opener.findings


def _volumes(files: Sequence[Path]) -> list[list[Path]]:
    """Return the files, with split volumes (`name.001`, `name.002`, …) together; later volumes are looked for."""
    groups: list[list[Path]] = []
    taken: set[Path] = set()
    for file in files:
        if file in taken:
            continue
        group = [file]
        suffix = file.suffix
        if len(suffix) == 4 and suffix[1:].isdigit():
            number = int(suffix[1:])
            if number != 1:
                first = file.with_suffix(".001")
                if first.exists() and (first in files or first.is_file()):
                    continue
                raise InputError(f"{file} is volume {number} of a split file, and {first.name} is missing beside it.")
            while (following := file.with_suffix(f".{len(group) + 1:03}")).exists():
                group.append(following)
        taken.update(group)
        groups.append(group)
    return groups


class _Opener:
    def __init__(self, work: Path, limits: Limits, passwords: Sequence[str], progress: Callable[[int], None]) -> None:
        self.received: list[Received] = []
        self.streams: list[Stream] = []
        self.findings: list[Finding] = []
        self._work, self._limits, self._passwords, self._progress = work, limits, list(passwords), progress
        self._out = self._in = self._members = 0
        self._encrypted: list[str] = []

    def add(self, group: Sequence[Path]) -> None:
        """Open one received file, or the volumes of one."""
        for path in group:
            try:
                digest, size = _hash(path, self._progress)
            except OSError as error:
                raise InputError(f"{path} cannot be read ({error.strerror or error}): check its permissions.") from None
            self.received.append(Received(path, path.name, size, digest))
            self._in += size
        path, name = group[0], group[0].name
        if len(group) > 1:
            name = group[0].stem
            path, digest, size, _ = self._spool(_chain(group), group[0].name)
            self.findings.append(Finding("split_volumes", f"{name}: {len(group)} volumes read as one file"))
        self._open(name, path, size, digest, depth=0)

    def finish(self) -> None:
        """Raise `InputError` where nothing can be read for want of a password."""
        if self._encrypted and not self.streams:
            which = self._encrypted[0]
            raise InputError(
                f"{which} is encrypted, and "
                f"{'no given password opens it' if self._passwords else 'no password was given'}: "
                "write the password into a file and give it with --password-file."
            )

    def _open(self, name: str, path: Path, size: int, digest: str, *, depth: int, cut: bool = False) -> None:
        """Open a file as the container it is, or keep it as a stream."""
        if size == 0:
            self.findings.append(Finding("empty_file", f"{name}: 0 bytes"))
            return
        with path.open("rb") as file:
            head = file.read(_HEAD)
        kind = _container(head, path)
        if kind is None:
            self.streams.append(Stream(name, path, size, digest, cut))
            return
        if depth >= self._limits.depth:
            raise InputError(
                f"{name} holds containers within containers, more than {self._limits.depth} deep: "
                "unpack it by hand first."
            )
        getattr(self, f"_open_{kind}")(name, path, depth)

    # Compressed streams: one file each

    def _open_gzip(self, name: str, path: Path, depth: int) -> None:
        self._single(name, path, depth, _inflate, (".gz", ".tgz"))

    def _open_bzip2(self, name: str, path: Path, depth: int) -> None:
        self._single(name, path, depth, lambda file: _decompress(file, bz2.BZ2Decompressor, "bzip2"), (".bz2",))

    def _open_xz(self, name: str, path: Path, depth: int) -> None:
        self._single(name, path, depth, lambda file: _decompress(file, lzma.LZMADecompressor, "xz"), (".xz",))

    def _open_zstd(self, name: str, path: Path, depth: int) -> None:
        self._single(name, path, depth, _unzstd, (".zst", ".zstd"))

    def _single(
        self,
        name: str,
        path: Path,
        depth: int,
        unpack: Callable[[IO[bytes]], Iterator[bytes]],
        suffixes: tuple[str, ...],
    ) -> None:
        inner = PurePosixPath(name).name
        for suffix in suffixes:
            if inner.lower().endswith(suffix):
                inner = inner[: -len(suffix)] + (".tar" if suffix == ".tgz" else "")
        place = name if inner == PurePosixPath(name).name else f"{name}/{inner}"
        with path.open("rb") as file:
            out, digest, size, cut = self._spool(unpack(file), name)
        if cut is not None:
            self.findings.append(
                Finding("cut_archive", f"{name}: {cut}; {size} bytes of an unknown number were unpacked")
            )
        self._open(place, out, size, digest, depth=depth + 1, cut=cut is not None)

    # Archives of many files

    def _open_zip(self, name: str, path: Path, depth: int) -> None:
        with _zip_file(path, name) as archive:
            for member in archive.infolist():
                self._count_member(name)
                shown, place = member.filename, f"{name}/{_visible(member)}"
                if member.is_dir() or self._is_idle(name, shown, member.file_size):
                    continue
                if stat.S_ISLNK(member.external_attr >> 16):
                    self._unsafe(name, shown, "a symbolic link; not followed")
                    continue
                self._check_name(name, shown, member.file_size)
                if member.file_size == 0:
                    self.findings.append(Finding("empty_file", f"{shown}: 0 bytes"))
                    continue
                if member.flag_bits & 1 and not self._passwords:
                    self._encrypted_member(name, shown, member)
                    continue
                self._zip_member(archive, member, name, place, depth)

    def _zip_member(self, archive: zipfile.ZipFile, member: zipfile.ZipInfo, name: str, place: str, depth: int) -> None:
        for password in self._passwords if member.flag_bits & 1 else [None]:
            try:
                with archive.open(member, pwd=password.encode() if password is not None else None) as file:
                    out, digest, size, cut = self._spool(_read_member(file), place)
            except (RuntimeError, NotImplementedError, zlib.error) as error:
                if member.flag_bits & 1 and ("password" in str(error).lower() or isinstance(error, zlib.error)):
                    continue
                self.findings.append(Finding("unreadable_member", f"{place}: {error}"))
                return
            except _bad_zip() as error:
                if member.flag_bits & 1:
                    continue
                self.findings.append(Finding("unreadable_member", f"{place}: {error}"))
                return
            if cut is not None:
                self.findings.append(Finding("cut_archive", f"{place}: {cut}; {size} bytes were unpacked"))
            self._open(place, out, size, digest, depth=depth + 1, cut=cut is not None)
            return
        self._encrypted_member(name, member.filename, member)

    def _encrypted_member(self, name: str, shown: str, member: zipfile.ZipInfo) -> None:
        method = "AES" if member.compress_type == 99 or b"\x01\x99" in member.extra[:2] else "ZipCrypto"
        self._encrypted.append(f"{name}!{shown}")
        self.findings.append(Finding("encrypted", f"{name}!{shown} is encrypted ({method}); it was not read"))

    def _open_tar(self, name: str, path: Path, depth: int) -> None:
        cut = None
        with path.open("rb") as file:
            try:
                with tarfile.open(fileobj=file, mode="r:") as archive:
                    for member in archive:
                        self._count_member(name)
                        self._tar_member(archive, member, name, depth)
            except (tarfile.TarError, EOFError) as error:
                cut = str(error)
        if cut is not None:
            self.findings.append(Finding("cut_archive", f"{name}: the archive ends inside ({cut})"))

    def _tar_member(self, archive: tarfile.TarFile, member: tarfile.TarInfo, name: str, depth: int) -> None:
        if member.isdir():
            return
        if member.issym() or member.islnk():
            kind = "symbolic" if member.issym() else "hard"
            self._unsafe(name, member.name, f"a {kind} link to {member.linkname}; not followed")
            return
        if not member.isfile():
            self._unsafe(name, member.name, "a device or a pipe; not read")
            return
        if self._is_idle(name, member.name, member.size):
            return
        self._check_name(name, member.name, member.size)
        place = f"{name}/{member.name.lstrip('/')}"
        opened = archive.extractfile(member)
        if opened is None:
            return
        out, digest, size, cut = self._spool(_read_member(opened), place)
        if cut is None and size < member.size:
            cut = "the archive ends inside this member"
        if cut is not None:
            self.findings.append(Finding("cut_archive", f"{place}: {cut}; {size} bytes were unpacked"))
        self._open(place, out, size, digest, depth=depth + 1, cut=cut is not None)

    def _open_7z(  # noqa: C901 (each way to fail has its sentence)
        self, name: str, path: Path, depth: int
    ) -> None:
        try:
            import py7zr
        except ImportError:
            raise InputError(
                f"{name} is a 7z archive: install the extra for it, pip install 'leak-forensics-toolkit[archives]'."
            ) from None
        from toolkit.intake._sevenzip import unpack

        tried: list[str | None] = [*self._passwords] or [None]
        for password in tried:
            try:
                members = unpack(py7zr, path, password, self._spool_for(name))
            except py7zr.exceptions.PasswordRequired:
                members = None
            except (py7zr.exceptions.ArchiveError, lzma.LZMAError, OSError, EOFError) as error:
                if password is None:
                    raise InputError(f"{name} cannot be unpacked ({error}): it may be damaged.") from None
                members = None
            if members is not None:
                break
        if members is None:
            self._encrypted.append(name)
            self.findings.append(Finding("encrypted", f"{name} is encrypted (7z); it was not read"))
            return
        for shown, safe, spooled in members:
            self._count_member(name)
            if safe is not None:
                self._unsafe(name, shown, safe)
            if spooled is None or self._is_idle(name, shown, spooled[2]):
                continue
            self._check_name(name, shown, spooled[2])
            out, digest, size, _ = spooled
            self._open(f"{name}/{shown.lstrip('/')}", out, size, digest, depth=depth + 1)

    def _spool_for(self, name: str) -> Callable[[Iterator[bytes]], tuple[Path, str, int, str | None]]:
        return lambda chunks: self._spool(chunks, name)

    # Members

    def _count_member(self, name: str) -> None:
        self._members += 1
        if self._members > self._limits.members:
            raise InputError(
                f"{name} brings the number of members over {self._limits.members:,}: "
                "unpack by hand what is of interest."
            )

    def _check_name(self, name: str, shown: str, size: int) -> None:
        parts = PurePosixPath(shown.replace("\\", "/")).parts
        if ".." in parts:
            self._unsafe(name, shown, "its name leads outside the folder; read under a safe name")
        elif shown.startswith(("/", "\\")) or (len(shown) > 1 and shown[1] == ":"):
            self._unsafe(name, shown, f"absolute path; {size} bytes, read under a safe name")

    def _unsafe(self, name: str, shown: str, why: str) -> None:
        self.findings.append(Finding("unsafe_member", f"{name}!{shown}: {why}"))

    def _is_idle(self, _name: str, shown: str, _size: int) -> bool:
        parts = PurePosixPath(shown).parts
        if "__MACOSX" in parts or parts[-1:] == (".DS_Store",) or (parts and parts[-1].startswith("._")):
            self.findings.append(Finding("system_file", f"{shown}: what macOS leaves in archives"))
            return True
        if parts and parts[-1].lower() in {"thumbs.db", "desktop.ini"}:
            self.findings.append(Finding("system_file", f"{shown}: what Windows leaves in folders"))
            return True
        return False

    # Writing

    def _spool(self, chunks: Iterator[bytes], name: str) -> tuple[Path, str, int, str | None]:
        """Write chunks to a private file; return it, its hash and size, and why the stream ended early, if it did."""
        out = self._work / f"{len(list(self._work.iterdir())):06}"
        digest, size, cut = hashlib.sha256(), 0, None
        allowed = max(self._limits.floor, self._in * self._limits.expansion)
        with out.open("xb") as file:
            make_private(out)
            try:
                for chunk in chunks:
                    self._out += len(chunk)
                    if self._out > allowed:
                        raise InputError(
                            f"{name} expands to more than {self._limits.expansion} times its size: "
                            "it may be made to fill the disk. If it is genuine, give a higher --max-expansion."
                        )
                    digest.update(chunk)
                    file.write(chunk)
                    size += len(chunk)
            except _CutError as error:
                cut = str(error)
        return out, digest.hexdigest(), size, cut


class _CutError(Exception):
    """A compressed stream ends before its end, or cannot be read further."""


def _hash(path: Path, progress: Callable[[int], None]) -> tuple[str, int]:
    digest, size = hashlib.sha256(), 0
    with path.open("rb") as file:
        while chunk := file.read(8 * _CHUNK):
            digest.update(chunk)
            size += len(chunk)
            progress(len(chunk))
    return digest.hexdigest(), size


def _chain(group: Sequence[Path]) -> Iterator[bytes]:
    for path in group:
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                yield chunk


def _container(head: bytes, path: Path) -> str | None:  # noqa: PLR0911 (one line for each kind)
    """Return the kind of container that a file begins as, or None."""
    if head.startswith(b"\x1f\x8b\x08"):
        return "gzip"
    if head.startswith(b"BZh") and head[3:4].isdigit() and head[4:10] in (b"1AY&SY", b"\x17rE8P\x90"):
        return "bzip2"
    if head.startswith(b"\xfd7zXZ\x00"):
        return "xz"
    if head.startswith(b"\x28\xb5\x2f\xfd") or (head[1:4] == b"\x2a\x4d\x18" and 0x50 <= head[0] <= 0x5F):
        return "zstd"
    if head.startswith(b"7z\xbc\xaf\x27\x1c"):
        return "7z"
    if head[_TAR_MAGIC] == b"ustar":
        return "tar"
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return None if _is_workbook(path) else "zip"
    return None


def _is_workbook(path: Path) -> bool:
    try:
        with zipfile.ZipFile(path) as archive:
            names = set(archive.namelist())
    except (zipfile.BadZipFile, OSError):
        return False
    return bool({"xl/workbook.xml", "xl/workbook.bin", "content.xml"} & names)


def _zip_file(path: Path, name: str) -> zipfile.ZipFile:
    """Return an open zip archive; the extra `archives` brings AES encryption."""
    try:
        from pyzipper import AESZipFile as ZipFile
    except ImportError:
        from zipfile import ZipFile
    try:
        opened: zipfile.ZipFile = ZipFile(path)
    except _bad_zip() as error:
        raise InputError(f"{name} is a damaged zip archive ({error}): ask for the file again, or repair it.") from None
    return opened


def _bad_zip() -> tuple[type[Exception], ...]:
    """Return the errors of damaged zip archives: the extra has a class of its own."""
    try:
        from pyzipper import BadZipFile
    except ImportError:
        return (zipfile.BadZipFile,)
    return (zipfile.BadZipFile, BadZipFile)


def _visible(member: zipfile.ZipInfo) -> str:
    return str(member.filename).lstrip("/")


def _read_member(file: IO[bytes]) -> Iterator[bytes]:
    while True:
        try:
            chunk = file.read(_CHUNK)
        except (EOFError, zlib.error, lzma.LZMAError, tarfile.ReadError) as error:
            raise _CutError(f"the member cannot be read further ({error})") from None
        except _bad_zip() as error:
            raise _CutError(f"the member is damaged ({error})") from None
        if not chunk:
            return
        yield chunk


def _inflate(file: IO[bytes]) -> Iterator[bytes]:
    """Yield the content of all members of a gzip file; what follows them is ignored only if it is NUL bytes."""
    pending = file.read(_CHUNK)
    while pending:
        inflater = zlib.decompressobj(wbits=31)
        while True:
            try:
                out = inflater.decompress(pending, _CHUNK)
            except zlib.error as error:
                raise _CutError(f"the gzip stream is damaged ({error})") from None
            if out:
                yield out
            if inflater.eof:
                break
            pending = inflater.unconsumed_tail or file.read(_CHUNK)
            if not pending:
                raise _CutError("the gzip stream ends before its trailer")
        pending = (inflater.unused_data or file.read(_CHUNK)).lstrip(b"\0")
        if pending and not pending.startswith(b"\x1f\x8b"):
            raise _CutError("bytes that are no gzip follow the last member")


def _decompress(file: IO[bytes], make: Callable[[], Any], kind: str) -> Iterator[bytes]:
    """Yield the content of all streams of a bzip2 or xz file."""
    pending = file.read(_CHUNK)
    while pending:
        machine = make()
        while not machine.eof:
            if machine.needs_input and not pending:
                raise _CutError(f"the {kind} stream ends before its end")
            try:
                out = machine.decompress(pending if machine.needs_input else b"", _CHUNK)
            except (OSError, lzma.LZMAError, EOFError) as error:
                raise _CutError(f"the {kind} stream is damaged ({error})") from None
            pending = b""
            if out:
                yield out
            if not machine.eof and machine.needs_input:
                pending = file.read(_CHUNK)
        pending = machine.unused_data.lstrip(b"\0") or file.read(_CHUNK).lstrip(b"\0")


def _unzstd(file: IO[bytes]) -> Iterator[bytes]:
    """Yield the content of all frames of a zstd file; skippable frames are skipped."""
    import zstandard

    reader = zstandard.ZstdDecompressor(max_window_size=1 << 31).stream_reader(file, read_across_frames=True)
    while True:
        try:
            chunk = reader.read(_CHUNK)
        except zstandard.ZstdError as error:
            raise _CutError(f"the zstd stream is damaged ({error})") from None
        if not chunk:
            return
        yield chunk
