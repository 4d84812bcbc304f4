"""The rooted opener: the files of one folder, from the working tree or from a commit, and nothing outside it.

No symbolic link is followed, neither the folder nor a file in it: a link may lead out of the tree, and one that does
not may be changed to do so between the check and the read.
"""

import hashlib
import os
import stat
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any, Protocol

from ...model.errors import Problem, SpecError
from .tree import FILE_LIMIT

STACKS = "stacks"
DIRTY = "dirty:"
FOLDER_LIMIT = 32 * 1024 * 1024


class Source(Protocol):
    """Where stack files come from."""

    @property
    def root(self) -> Path: ...

    @property
    def folder(self) -> str:
        """The folder of the stack files, as it begins their names in `files`."""

    def revision(self) -> str:
        """A commit, or `dirty:<sha256 of the files>`."""

    def files(self) -> Mapping[str, bytes]:
        """Content by name: `stacks/x.yaml`. Only what may be read."""

    def refused(self) -> Sequence[Problem]:
        """What stands in the folder and may not be read, and why."""


def working_tree(root: Path, stacks_dir: str | None = None) -> Source:
    """The files as they lie on disk, read once. `stacks_dir`: relative to the root, or absolute; None: `stacks`."""
    return _WorkingTree(root, stacks_dir or STACKS)


def at_revision(root: Path, rev: str, stacks_dir: str | None = None) -> Source:
    """The files of a commit, untouched by what lies on disk. Raises SpecError where the commit is unknown."""
    return _Commit(root, rev, stacks_dir or STACKS)


def is_read(name: str) -> bool:
    """Whether a file of the folder is ours to read: Pulumi's own and hidden ones (an editor's locks) are not."""
    return name.endswith((".yaml", ".yml")) and not name.startswith((".", "Pulumi"))


def _misnamed(file: str) -> Problem | None:
    if not file.isprintable():
        return Problem(ascii(file)[1:-1], 0, "", "a name that cannot be printed", "rename it")
    return Problem(file, 0, "", "ends in `.yml`", "rename it to `.yaml`") if file.endswith(".yml") else None


def _too_large(file: str) -> Problem:
    return Problem(file, 0, "", f"larger than {FILE_LIMIT >> 20} MiB", "split the stack into several files")


def _too_many(folder: str) -> Problem:
    return Problem(folder, 0, "", f"the folder holds more than {FOLDER_LIMIT >> 20} MiB", "hold fewer stacks in it")


def _link(file: str) -> Problem:
    return Problem(file, 0, "", "a symbolic link, which may lead out of the tree", "put the file itself there")


class _WorkingTree:
    def __init__(self, root: Path, stacks_dir: str) -> None:
        self.root = root.resolve()
        wanted = Path(stacks_dir)
        if wanted.is_absolute():
            # Who names a folder elsewhere may reach it by links; only its own name must be no link.
            wanted = wanted.parent.resolve() / wanted.name
            wanted = wanted.relative_to(self.root) if wanted.is_relative_to(self.root) else wanted
        self.folder = wanted.as_posix()
        self._problems: list[Problem] = []
        self._size = 0
        self._files: dict[str, bytes] | None = None

    def files(self) -> Mapping[str, bytes]:
        if self._files is None:
            self._files = {}
            folder = self._open_folder()
            if folder is not None:
                try:
                    for name in sorted(filter(is_read, os.listdir(folder))):  # noqa: PTH208 - a descriptor
                        self._read(folder, name)
                finally:
                    os.close(folder)
        return self._files

    def refused(self) -> Sequence[Problem]:
        self.files()
        return tuple(self._problems)

    def revision(self) -> str:
        files = self.files()
        if not self._problems:
            commit = _commit_holding(self.root, self.folder, files)
            if commit is not None:
                return commit
        digest = hashlib.sha256()
        for name, data in sorted(files.items()):
            digest.update(f"{len(name.encode())}:{name}:{len(data)}:".encode())
            digest.update(data)
        return DIRTY + digest.hexdigest()

    def _open_folder(self) -> int | None:
        """A descriptor of the folder, each step below the root opened without following a link."""
        parts = PurePosixPath(self.folder).parts
        if ".." in parts:
            self._problems.append(Problem(self.folder, 0, "", "a folder outside the tree", "name a folder inside it"))
            return None
        flags = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
        absolute = parts[:1] == ("/",)
        try:
            current = os.open("/" if absolute else self.root, flags)
        except OSError as error:
            self._problems.append(Problem(str(self.root), 0, "", f"cannot be opened: {error.strerror}"))
            return None
        for part in parts[1:] if absolute else parts:
            try:
                below = os.open(part, flags | os.O_NOFOLLOW, dir_fd=current)
            except OSError as error:
                self._problems.append(self._no_folder(current, part, error))
                return None
            finally:
                os.close(current)
            current = below
        return current

    def _no_folder(self, parent: int, part: str, error: OSError) -> Problem:
        try:
            mode = os.stat(part, dir_fd=parent, follow_symlinks=False).st_mode
        except OSError:
            return Problem(self.folder, 0, "", "no such folder", "`trueup init` writes it")
        if stat.S_ISLNK(mode):
            return _link(self.folder)
        return Problem(self.folder, 0, "", f"cannot be opened: {error.strerror}", "it must be a folder")

    def _read(self, folder: int, name: str) -> None:
        file = f"{self.folder}/{name}"
        misnamed = _misnamed(file)
        if misnamed is not None:
            self._problems.append(misnamed)
            return
        try:
            data = self._content(folder, name, file)
        except OSError as error:
            self._problems.append(Problem(file, 0, "", f"cannot be read: {error.strerror}", "check its rights"))
            return
        assert self._files is not None
        if isinstance(data, Problem):
            self._problems.append(data)
        elif self._size + len(data) > FOLDER_LIMIT:
            self._problems.append(_too_many(self.folder))
        else:
            self._size += len(data)
            self._files[file] = data

    def _content(self, folder: int, name: str, file: str) -> bytes | Problem:
        # Looked at before it is opened, as opening a device can have effects; and after, as it may have been swapped.
        problem = _unfit(file, os.stat(name, dir_fd=folder, follow_symlinks=False))
        if problem is not None:
            return problem
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        with os.fdopen(os.open(name, flags, dir_fd=folder), "rb") as opened:
            problem = _unfit(file, os.fstat(opened.fileno()))
            if problem is not None:
                return problem
            data = opened.read(FILE_LIMIT + 1)
        return data if len(data) <= FILE_LIMIT else _too_large(file)


def _unfit(file: str, found: os.stat_result) -> Problem | None:
    if stat.S_ISLNK(found.st_mode):
        return _link(file)
    if stat.S_ISDIR(found.st_mode):
        return Problem(file, 0, "", "a folder with a file's name", "rename it")
    if not stat.S_ISREG(found.st_mode):
        return Problem(file, 0, "", "no regular file (a device, pipe or socket)", "put a file there")
    return _too_large(file) if found.st_size > FILE_LIMIT else None


def _commit_holding(root: Path, folder: str, files: Mapping[str, bytes]) -> str | None:
    """The checked-out commit where its folder holds exactly these files, byte for byte; else None."""
    try:
        with _repository(root) as repo:
            tree = _tree_at(repo.head.commit, repo, root, folder)
            if tree is None:
                return None
            held = {f"{folder}/{item.name}": item.hexsha for item in tree if is_read(item.name)}
            return str(repo.head.commit.hexsha) if held == {name: _blob(data) for name, data in files.items()} else None
    except Exception:
        # No git, no repository, no commit yet, a repository in a form that cannot be read: all are "not committed",
        # which only makes us stricter.
        return None


def _blob(data: bytes) -> str:
    """Git's own name for a file's content."""
    return hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()


def _repository(root: Path) -> Any:
    """Raises git.GitError, and ImportError where the git command is missing."""
    import git  # costs 0.1 s, and fails where the git command is missing

    return git.Repo(root, search_parent_directories=True)


def _tree_at(commit: Any, repo: Any, root: Path, folder: str) -> Any:
    """The commit's entry for the folder: a tree, or what else stands there. None: nothing."""
    inside = Path(repo.working_tree_dir).resolve() if repo.working_tree_dir else root
    path = PurePosixPath(root.relative_to(inside).as_posix()) / folder
    if path.is_absolute() or ".." in path.parts:
        return None
    entry = commit.tree
    for part in path.parts:
        found = {item.name: item for item in entry} if entry.type == "tree" else {}
        if part not in found:
            return None
        entry = found[part]
        if entry.type == "blob":
            return entry
    return entry


class _Commit:
    def __init__(self, root: Path, rev: str, stacks_dir: str) -> None:
        self.root = root.resolve()
        self.folder = PurePosixPath(stacks_dir).as_posix()
        self._problems: list[Problem] = []
        self._size = 0
        self._files: dict[str, bytes] = {}
        self._revision = self._load(rev)

    def files(self) -> Mapping[str, bytes]:
        return self._files

    def refused(self) -> Sequence[Problem]:
        return tuple(self._problems)

    def revision(self) -> str:
        return self._revision

    def _load(self, rev: str) -> str:
        if not rev or rev.startswith("-") or not rev.isprintable():
            raise _unknown(rev)
        try:
            repo = _repository(self.root)
        except Exception as error:
            raise SpecError([Problem(".", 0, "", "no git repository here", "`--rev` needs one")]) from error
        with repo:
            try:
                commit = repo.commit(rev)
                found: str = commit.tree and commit.hexsha
            except Exception as error:
                # GitPython answers an unknown name with one of six unrelated exceptions.
                raise _unknown(rev) from error
            try:
                self._read_folder(_tree_at(commit, repo, self.root, self.folder), found)
            except Exception as error:
                message = f"commit {found[:12]} cannot be read whole"
                raise SpecError([Problem(".", 0, "", message, "`git fetch` what a shallow clone lacks")]) from error
            return found

    def _read_folder(self, entry: Any, commit: str) -> None:
        if entry is None:
            self._problems.append(Problem(self.folder, 0, "", f"no such folder in commit {commit[:12]}"))
        elif entry.type != "tree":
            self._problems.append(_link(self.folder))
        else:
            for item in sorted(entry, key=lambda one: str(one.name)):
                if is_read(item.name):
                    self._read(item)

    def _read(self, item: Any) -> None:
        file = f"{self.folder}/{item.name}"
        problem = _misnamed(file) or _unfit_entry(file, item)
        if problem is not None:
            self._problems.append(problem)
        elif self._size + item.size > FOLDER_LIMIT:
            self._problems.append(_too_many(self.folder))
        else:
            self._size += item.size
            self._files[file] = item.data_stream.read()


def _unfit_entry(file: str, item: Any) -> Problem | None:
    """What is wrong with an entry of a git tree: links are blobs of mode 120000, submodules entries of type commit."""
    if item.type == "tree":
        return Problem(file, 0, "", "a folder with a file's name", "rename it")
    if item.type != "blob":
        return Problem(file, 0, "", "no regular file (a submodule)", "put a file there")
    if stat.S_ISLNK(item.mode):
        return _link(file)
    return _too_large(file) if item.size > FILE_LIMIT else None


def _unknown(rev: str) -> SpecError:
    shown = rev if rev.isprintable() else ascii(rev)
    return SpecError([Problem(".", 0, "", f"unknown revision {shown[:60]!r}", "give a commit, branch or tag")])
