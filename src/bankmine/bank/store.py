"""Warehouse files in an object store: what pyarrow can open by its URI (s3, gs, hdfs, file).

On one machine the files of a warehouse are mapped into memory by their paths; this is for machines of a
cluster that reach them through a store instead. Credentials are the machine's own (a role, or the store's
environment variables), never part of the URI.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

from bankmine.errors import ConfigurationError, WarehouseError


@dataclass(frozen=True)
class Store:
    """A folder of a store, named by its URI ("s3://bank/warehouse"); can be sent to other machines."""

    uri: str

    def open(self, path: str) -> Any:
        """A pyarrow file to read from any place of; WarehouseError where it is missing."""
        system, root = _system(self.uri)
        try:
            return system.open_input_file(f"{root}/{path}")
        except FileNotFoundError:
            raise WarehouseError(
                f"the warehouse file {self.uri}/{path} is missing",
                hint="Restore it from your backup, or load the extracts into a new bank.",
            ) from None

    def read_text(self, path: str) -> str:
        """A file's text (UTF-8)."""
        with self.open(path) as file:
            return str(file.read().decode("utf-8"))


@cache
def _system(uri: str) -> tuple[Any, str]:
    """The file system of a URI and the folder in it; one for all files of a process."""
    import pyarrow as pa
    from pyarrow.fs import FileSystem

    try:
        system, root = FileSystem.from_uri(uri)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, OSError) as error:
        raise ConfigurationError(
            f"{uri} cannot be opened: {str(error).splitlines()[0]}",
            hint="Give a path, or a URI of file, s3, gs or hdfs.",
        ) from None
    return system, root.rstrip("/")
