"""On how many independent assumptions a finding over several devices rests.

Devices whose prices come from one publication are wrong together: they are one assumption. So are those that
share a source with a third, all that comes from memory without a source, and what was assumed of several in
the same words.
"""

from collections.abc import Iterable, Mapping


def groups(origins: Mapping[str, Iterable[str]]) -> tuple[tuple[str, ...], ...]:
    """Devices in groups of which no two share a source.

    Args:
        origins: of each device, the publications that its figures come from.
    """
    joined: list[tuple[set[str], list[str]]] = []
    for device, own in origins.items():
        sources, members = set(own), [device]
        apart = []
        for group in joined:
            if sources.isdisjoint(group[0]):
                apart.append(group)
            else:
                sources |= group[0]
                members = [*group[1], *members]
        joined = [*apart, (sources, members)]
    order = list(origins)
    groups = [tuple(sorted(members, key=order.index)) for _, members in joined]
    return tuple(sorted(groups, key=lambda members: order.index(members[0])))
