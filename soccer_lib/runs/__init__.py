"""Run folders and the files in them: atomic writes, checked reads, manifests, heartbeats."""

from soccer_lib.runs.files import atomic_write_bytes, atomic_write_json, atomic_write_npz, load_json, load_npz
from soccer_lib.runs.folder import RunFolder, machine_record, notebook_folder, version_record
from soccer_lib.runs.heartbeat import Heartbeat
from soccer_lib.runs.tree import read_tree, tree_bytes

__all__ = [
    "Heartbeat",
    "RunFolder",
    "atomic_write_bytes",
    "atomic_write_json",
    "atomic_write_npz",
    "load_json",
    "load_npz",
    "machine_record",
    "notebook_folder",
    "read_tree",
    "tree_bytes",
    "version_record",
]
