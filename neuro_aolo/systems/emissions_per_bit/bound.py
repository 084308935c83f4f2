"""Lower bounds on the carbon of an episode: linear programs that know the future.

Each joule that is used was bought or made at one time; followed back there, its carbon is a linear function
of the flows, so the least is that of a linear program. No policy reaches it: it empties the batteries on the
last evening.

References:
    Q. Huangfu, J. A. J. Hall (2018), Parallelizing the dual revised simplex method,
    Math. Prog. Comp. 10:119-142, doi:10.1007/s12532-017-0130-5 (HiGHS, which SciPy calls).
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import coo_array, csr_array, hstack, vstack

from neuro_aolo.errors import ScenarioError
from neuro_aolo.systems.emissions_per_bit.parameters import J_PER_KWH, Storage, Sun
from neuro_aolo.systems.task import Floats

_FLOWS = ("sun", "grid", "discharge", "charge", "stored")
"""Columns of a slot and server, in kWh."""


@dataclass(frozen=True)
class Bound:
    """The least carbon of an episode of one cell.

    Attributes:
        carbon_g: of all slots.
        energy_j: used.
        delay_s: mean over slots and servers; NaN where the loads were given.
    """

    carbon_g: float
    energy_j: float
    delay_s: float = float("nan")


@dataclass(frozen=True)
class Plan:
    """Flows of least carbon of one cell in kWh, of each slot and server, ``(T, M)`` each.

    Attributes:
        sun_kwh: taken from the sun, for the load or the battery.
        discharge_kwh: out of the battery.
        charge_kwh: into it, from sun and grid.
    """

    sun_kwh: Floats
    discharge_kwh: Floats
    charge_kwh: Floats


def least_carbon(storage: Storage, sun: Sun, load_j: Floats, sun_j: Floats, g_per_kwh: Floats) -> Bound:
    """The least carbon of given loads.

    Args:
        storage: of a server.
        sun: whose carbon is that of its making.
        load_j: energy of each slot and server, ``(T, M)``.
        sun_j: what the sun offers in each slot, ``(T,)``.
        g_per_kwh: of the grid, ``(T,)``.

    Raises:
        ScenarioError: the program has no solution.
    """
    program = _Program.of(storage, sun, sun_j, g_per_kwh, load_j.shape[1])
    grams = float(program.cost @ _sourced(program, load_j))
    return Bound(grams + program.start_g, float(load_j.sum()))


def least_carbon_plan(storage: Storage, sun: Sun, load_j: Floats, sun_j: Floats, g_per_kwh: Floats) -> Plan:
    """How the least carbon of :func:`least_carbon` is come by; arguments and errors are the same."""
    program = _Program.of(storage, sun, sun_j, g_per_kwh, load_j.shape[1])
    flows = dict(zip(_FLOWS, _sourced(program, load_j).reshape(len(_FLOWS), *load_j.shape), strict=True))
    return Plan(flows["sun"], flows["discharge"], flows["charge"])


def least_carbon_within(
    storage: Storage,
    sun: Sun,
    choices_j: Floats,
    choices_s: Floats,
    sun_j: Floats,
    g_per_kwh: Floats,
    delay_s: float,
) -> Bound:
    """The least carbon at a mean delay, with the effort of each server mixed from choices.

    Args:
        storage: of a server.
        sun: whose carbon is that of its making.
        choices_j: energy of each choice, slot and server, ``(C, T, M)``.
        choices_s: delay of the same.
        sun_j: what the sun offers in each slot, ``(T,)``.
        g_per_kwh: of the grid, ``(T,)``.
        delay_s: mean over slots and servers that is allowed.

    Raises:
        ScenarioError: no mix of the choices is as fast.
    """
    choices, slots, servers = choices_j.shape
    program = _Program.of(storage, sun, sun_j, g_per_kwh, servers)
    pairs = slots * servers
    rows = np.tile(np.arange(pairs), choices)
    columns = np.arange(choices * pairs)
    shape = (pairs, choices * pairs)
    used = csr_array(coo_array((-choices_j.ravel() / J_PER_KWH, (rows, columns)), shape=shape))
    mixed = csr_array(coo_array((np.ones(choices * pairs), (rows, columns)), shape=shape))
    flows = program.cost.size
    none = csr_array((pairs, flows))
    equal = vstack(
        [
            hstack([program.balance, used]),
            hstack([program.memory, csr_array((program.memory.shape[0], columns.size))]),
            hstack([none, mixed]),
        ]
    )
    right = np.concatenate([np.zeros(pairs), program.remembered, np.ones(pairs)])
    waiting = csr_array(np.concatenate([np.zeros(flows), choices_s.ravel() / pairs])[None])
    less = vstack([hstack([program.less, csr_array((program.less.shape[0], columns.size))]), waiting])
    cost = np.concatenate([program.cost, np.zeros(columns.size)])
    most = np.concatenate([program.most, np.ones(columns.size)])
    solution = _solution(cost, equal, right, less, np.append(program.limits, delay_s), most)
    shares = solution[flows:]
    return Bound(
        carbon_g=float(cost @ solution) + program.start_g,
        energy_j=float(shares @ choices_j.ravel()),
        delay_s=float(shares @ choices_s.ravel()) / pairs,
    )


@dataclass(frozen=True)
class _Program:
    """What sourcing can do; its columns are the flows of each slot and server."""

    cost: Floats
    balance: csr_array
    memory: csr_array
    remembered: Floats
    less: csr_array
    limits: Floats
    most: Floats
    start_g: float

    @classmethod
    def of(cls, storage: Storage, sun: Sun, sun_j: Floats, g_per_kwh: Floats, servers: int) -> "_Program":
        slots = len(sun_j)
        pairs = slots * servers
        place = {name: index * pairs + np.arange(pairs) for index, name in enumerate(_FLOWS)}
        slot_of, row = np.repeat(np.arange(slots), servers), np.arange(pairs)
        width = len(_FLOWS) * pairs

        def matrix(rows: int, *parts: tuple[Any, Any, float]) -> csr_array:
            where = [np.concatenate([part[axis] for part in parts]) for axis in (0, 1)]
            values = np.concatenate([np.full(len(part[0]), part[2]) for part in parts])
            return csr_array(coo_array((values, where), shape=(rows, width)))

        start = storage.initial_share * storage.capacity_kwh
        cost = np.zeros(width)
        cost[place["sun"]] = sun.g_per_kwh
        cost[place["grid"]] = g_per_kwh[slot_of]
        balance = matrix(
            pairs,
            *((row, place[name], 1.0) for name in ("sun", "grid", "discharge")),
            (row, place["charge"], -1.0),
        )
        later = row[servers:]
        memory = matrix(
            pairs,
            (row, place["stored"], 1.0),
            (row, place["discharge"], storage.retention),
            (row, place["charge"], -storage.charge_efficiency),
            (later, place["stored"][:-servers], -storage.retention),
        )
        remembered = np.zeros(pairs)
        remembered[:servers] = storage.retention * start
        less = vstack(
            [
                matrix(slots, (slot_of, place["sun"], 1.0)),
                matrix(pairs, (row, place["discharge"], 1.0), (later, place["stored"][:-servers], -1.0)),
            ]
        )
        limits = np.concatenate([sun_j / J_PER_KWH, np.where(row < servers, start, 0.0)])
        most = np.full(width, np.inf)
        most[place["stored"]] = storage.capacity_kwh
        return cls(cost, balance, memory, remembered, less, limits, most, servers * start * sun.g_per_kwh)


def _sourced(program: "_Program", load_j: Floats) -> Floats:
    """The flows of least carbon of given loads."""
    return _solution(
        program.cost,
        vstack([program.balance, program.memory]),
        np.concatenate([load_j.ravel() / J_PER_KWH, program.remembered]),
        program.less,
        program.limits,
        program.most,
    )


def _solution(
    cost: Floats, equal: csr_array, right: Floats, less: csr_array, limits: Floats, most: Floats
) -> Floats:
    bounds = np.stack([np.zeros(len(most)), most], axis=1)
    result = linprog(cost, A_ub=less, b_ub=limits, A_eq=equal, b_eq=right, bounds=bounds, method="highs")
    if not result.success:
        raise ScenarioError(f"no sourcing and clocks keep what is asked ({result.message.split('.')[0]})")
    solution: Floats = result.x
    return solution
