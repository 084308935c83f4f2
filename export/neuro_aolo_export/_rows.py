"""What spikes add to a layer's inputs: rows of a table, summed in vector registers by compiled code."""

from typing import Any

import numpy as np
from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic
from numba.np.arrayobj import make_array
from numpy.typing import NDArray

_array: Any = make_array
_variable: Any = cgutils.alloca_once_value

WIDTH = 96
"""Neurons whose sums stay in vector registers together; tables are filled up to a multiple."""
LANES = 32
"""Of which so many are one vector of the compiler's."""

_LANE = ir.IntType(32)
_RAISED = 128


def packed(table: NDArray[np.int8]) -> NDArray[np.uint8]:
    """A table of bytes, its last axis a multiple of LANES, as :func:`run_network` takes it.

    Of each LANES weights the second half are the high bytes of as many 16-bit words. The first half are their
    low bytes, raised by 128 so that none of them borrows from its neighbour.
    """
    halves = table.reshape(-1, 2, LANES // 2)
    words = np.empty((len(halves), LANES // 2, 2), np.uint8)
    words[..., 0] = halves[:, 0].astype(np.int16) + _RAISED
    words[..., 1] = halves[:, 1].view(np.uint8)
    return words.reshape(table.shape)


def _rows_added(
    context: Any, table: Any, block: Any, rows: Any, listed: Any, count: Any, sums: Any, place: Any
) -> Any:
    """Add the rows ``table[block, rows[listed : listed + count]]`` to ``sums[place]``, one after the other.

    ``table`` is ``(blocks, inputs, WIDTH)``, ``sums`` ``(places, WIDTH)``, ``rows`` flat; all contiguous. The
    running sum stays in vector registers from the first row to the last, where a loop over arrays would load
    and store it for every row. Bytes, as :func:`packed` lays them out, are added two in a 16-bit word: the
    words' sum, modulo 2^16, less the sum of their high bytes is that of their low ones.
    """
    signature = types.void(table, block, rows, listed, count, sums, place)

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        kinds = signature.args
        in_pairs = kinds[0].dtype == types.uint8
        target = context.get_data_type(kinds[5].dtype)
        source = target if in_pairs else context.get_data_type(kinds[0].dtype)
        source_bytes, target_bytes = (kinds[index].dtype.bitwidth // 8 for index in (0, 5))
        tables, lists, places = (_array(kinds[i])(context, builder, args[i]) for i in (0, 2, 5))
        width = ir.Constant(args[1].type, WIDTH)
        vector = ir.VectorType(target, LANES // 2 if in_pairs else LANES)
        eight = ir.Constant(vector, [8] * vector.count) if in_pairs else None
        add = builder.fadd if isinstance(kinds[5].dtype, types.Float) else builder.add

        def vectors(data: Any, row: Any, element: Any, apart: int) -> list[Any]:
            start = builder.gep(data, [builder.mul(row, width)])
            kind = ir.VectorType(element, vector.count).as_pointer()
            offsets = (ir.Constant(args[1].type, offset) for offset in range(0, WIDTH, apart))
            return [builder.bitcast(builder.gep(start, [offset]), kind) for offset in offsets]

        def terms(row: Any) -> list[Any]:
            if in_pairs:
                return [row, builder.ashr(row, eight)]
            return [row if source == target else builder.sext(row, vector)]

        def halves(words: Any, highs: Any) -> list[Any]:
            raised = builder.mul(builder.trunc(args[4], target), ir.Constant(target, _RAISED))
            offset = builder.insert_element(ir.Constant(vector, ir.Undefined), raised, _LANE(0))
            everywhere = ir.Constant(ir.VectorType(_LANE, vector.count), [0] * vector.count)
            offset = builder.shuffle_vector(offset, offset, everywhere)
            return [builder.sub(builder.sub(words, builder.shl(highs, eight)), offset), highs]

        first = builder.mul(args[1], builder.extract_value(tables.shape, 1))
        chosen = builder.gep(lists.data, [args[3]])
        kept = vectors(places.data, args[6], target, vector.count)
        before = [builder.load(place, align=target_bytes) for place in kept]
        nothing = ir.Constant(vector, None)
        sums = [_variable(builder, nothing if in_pairs else start) for start in before]
        with cgutils.for_range(builder, args[4]) as loop:
            listed = builder.load(builder.gep(chosen, [loop.index]))
            number = builder.add(first, builder.zext(listed, args[1].type))
            rows = vectors(tables.data, number, source, LANES)
            found = [term for row in rows for term in terms(builder.load(row, align=source_bytes))]
            for sum_, term in zip(sums, found, strict=True):
                builder.store(add(builder.load(sum_), term), sum_)
        totals = [builder.load(sum_) for sum_ in sums]
        if in_pairs:
            pairs = zip(totals[::2], totals[1::2], strict=True)
            found = [half for words, highs in pairs for half in halves(words, highs)]
            totals = [add(start, half) for start, half in zip(before, found, strict=True)]
        for place, total in zip(kept, totals, strict=True):
            builder.store(total, place, align=target_bytes)
        return context.get_dummy_value()

    return signature, generate


add_rows: Any = intrinsic(_rows_added)
"""The above, to be called in compiled functions."""
