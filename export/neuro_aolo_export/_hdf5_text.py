"""Text of variable length in an HDF5 file, from the bytes of the file.

The library itself follows a damaged list of such text for ever.

References:
    The HDF Group, HDF5 File Format Specification Version 3.0, section III.E (global heap),
    https://support.hdfgroup.org/documentation/hdf5/latest/_f_m_t3.html.
"""

import struct
from typing import Any


def variable_texts(dataset: Any, max_length: int) -> list[str]:
    """The strings of a dataset, flat.

    An element is the length of its text, the address of a collection and the number of an object in it.

    Raises:
        ValueError: text that is damaged, too long, or kept where this does not look for it.
        struct.error: references that are not in the file.
    """
    creation = dataset.file.id.get_create_plist()
    if creation.get_sizes() != (8, 8) or creation.get_userblock():
        raise ValueError("text in a file with a user block, or with other than 64-bit addresses")
    offset = dataset.id.get_offset()
    if offset is None:
        raise ValueError("text stored in pieces: store it whole")
    image: bytes = dataset.file.id.get_file_image()
    texts = []
    for element in struct.iter_unpack("<IQI", image[offset : offset + 16 * dataset.size]):
        length, address, number = element
        texts.append(
            bounded_text(_heap_object(image, address, number)[:length] if length else b"", max_length)
        )
    return texts


def _heap_object(image: bytes, address: int, number: int) -> memoryview:
    """An object of a collection: 16 bytes that tell number and size, then its data, padded to 8."""
    size = int.from_bytes(image[address + 8 : address + 16], "little")
    if image[address : address + 4] != b"GCOL" or address + size > len(image):
        raise ValueError("text that is not in the file")
    place, end = address + 16, address + size
    while end - place >= 16:
        found, used = struct.unpack_from("<H6xQ", image, place)
        if found == 0 or place + 16 + used > end:
            break
        if found == number:
            return memoryview(image)[place + 16 : place + 16 + used]
        place += 16 + -(-used // 8) * 8
    raise ValueError("text that is not in the file")


def bounded_text(data: bytes | memoryview, max_length: int) -> str:
    """UTF-8 of at most ``max_length`` bytes; ValueError otherwise."""
    if len(data) > max_length:
        raise ValueError(f"a string of {len(data):,} bytes: at most {max_length}")
    return bytes(data).decode()
