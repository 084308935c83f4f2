"""An ONNX file that another tool wrote, with the weights that lie beside it: read with suspicion.

PyTorch's exporter puts weights into a second file, ``net.onnx.data``, unless it is told not to. Such a file
is read where it lies in the same folder under a plain name.

References:
    ONNX, Open Neural Network Exchange, external data, https://onnx.ai/onnx/repo-docs/ExternalData.html.
"""

import os
import stat
from pathlib import Path
from typing import Any

from neuro_aolo_export.arrays import require
from neuro_aolo_export.errors import ExportError
from neuro_aolo_export.onnx._file import MAX_BYTES, messages, parse, read_whole

_NAMED = "an ONNX file of a dense network"


def read_foreign(path: str | os.PathLike[str]) -> Any:
    """The ``ModelProto`` in a file, all weights inside.

    Raises:
        ExportError: no such file, no ONNX, too large, or weights that lie elsewhere or are not there.
    """
    from onnx import TensorProto

    data = read_whole(Path(path), _NAMED, "price a smaller network")
    model = parse(path, data, _NAMED)
    require(
        model.HasField("graph") and len(model.opset_import) > 0,
        f"{path} is no ONNX file, or a part of one: name {_NAMED}",
    )
    left = MAX_BYTES - len(data)
    for message in messages(model):
        if isinstance(message, TensorProto) and (message.external_data or message.data_location):
            left -= _take_in(Path(path), message, left)
    return model


def _take_in(path: Path, tensor: Any, most: int) -> int:
    """Put weights that lie beside the file into their tensor; how many bytes they have."""
    facts = {entry.key: entry.value for entry in tensor.external_data}
    location = facts.get("location", "")
    beside = path.parent / location
    whole = f"save it whole, as with onnx.save(onnx.load('{path.name}'), 'whole.onnx')"
    require(
        bool(location) and location not in (".", "..") and Path(location).name == location,
        f"{path} names weights in {location[:80]!r}, which is not beside it: {whole}",
    )
    try:
        status = beside.lstat()
        require(
            stat.S_ISREG(status.st_mode),
            f"{path} names weights in {location[:80]!r}, which is no regular file: {whole}",
        )
        offset = int(facts.get("offset", "0"))
        length = int(facts.get("length", str(status.st_size - offset)))
        require(
            offset >= 0 and 0 <= length <= status.st_size - offset,
            f"{path} names weights in {location[:80]!r} beyond its {status.st_size:,} bytes: export it again",
        )
        require(
            length <= most,
            f"{path} and its weights have more than the {MAX_BYTES:,} bytes that are read: "
            "price a smaller network",
        )
        with beside.open("rb") as file:
            file.seek(offset)
            tensor.raw_data = file.read(length)
    except (OSError, ValueError) as error:
        if isinstance(error, ExportError):
            raise
        reason = getattr(error, "strerror", None) or error
        raise ExportError(
            f"{path} has its weights in {location[:80]!r}, which cannot be read ({reason}): "
            "keep both files in one folder, or export it again"
        ) from None
    tensor.ClearField("external_data")
    tensor.ClearField("data_location")
    return length
