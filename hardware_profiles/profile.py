"""The schema of a hardware profile, and its loader.

A profile is one TOML file. Every figure in it is a table with ``low``, ``nominal`` and ``high``, how it came
about (``evidence``), how far its source was checked (``verified``) and where to find it. A price that nobody
has published is left out, never written as zero.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from importlib import resources
from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel, Field, ValidationError, model_validator

from hardware_profiles._file import parse, read_regular
from hardware_profiles.figure import Calibration, Evidence, NonNegative, Table, weakest
from hardware_profiles.parts import Anchor, Capacity, Embodied, Mapping, Power, Prices, Timing

Actor = Literal["snn", "mlp"]


_NEEDED: dict[Actor, tuple[str, ...]] = {
    "snn": ("synop", "network_step"),
    "mlp": ("mac_int8", "mac_fp32"),
}


class ProfileError(ValueError):
    """A hardware profile is unknown, or its file breaks the schema."""

    def __init__(self, message: str = "") -> None:
        # Names that come from files may hold ends of lines.
        super().__init__(" ".join(str(message).replace("\r\n", " ").replace("\r", "\\r").splitlines()))


class Profile(Table):
    """One device: what it runs, what its operations cost, and what its figures leave out.

    A device is priced either per operation (``energy_pj``) or by time (``timing.launch_us`` times
    ``power_mw.active``), never both. ``scope`` says what a price holds: one operation alone (``per_term``),
    a measured workload with idle power taken off (``dynamic_workload``), or the whole power of the device
    shared out over the operations (``all_in``), to which nothing may be added.

    ``executes`` is empty where the device runs no such network, and ``refuses`` says why. ``excludes`` is
    what lies outside the boundary, ``unpriced`` the work inside it that has no price of its own.
    """

    schema_version: Literal[1] = Field(alias="schema")
    id: str
    name: str
    kind: Literal["neuromorphic-digital", "neuromorphic-mixed", "mcu", "cpu", "gpu", "soc", "analytic"]
    executes: tuple[Actor, ...]
    scope: Literal["per_term", "dynamic_workload", "all_in"]
    boundary: Literal["core", "chip", "module", "board", "system"]
    access: str
    node_nm: NonNegative | None = None
    voltage_v: NonNegative | None = None
    temperature_c: NonNegative | Literal["unstated"] = "unstated"
    inherited_from: str = ""
    refuses: str = ""
    excludes: tuple[str, ...] = ()
    unpriced: tuple[str, ...] = ()
    energy_pj: Prices = Prices()
    power_mw: Power = Power()
    timing: Timing = Timing()
    mapping: Mapping = Mapping()
    capacity: Capacity | None = None
    calibration: Calibration | None = None
    embodied: Embodied | None = None
    anchor: tuple[Anchor, ...] = ()

    @model_validator(mode="after")
    def _can_be_priced(self) -> Self:
        by_time = self.timing.launch_us is not None
        if by_time and self.power_mw.active is None:
            raise ValueError("timing.launch_us needs power_mw.active to become energy; add it")
        if by_time and self.energy_pj != Prices():
            raise ValueError("timing.launch_us and energy_pj would count the work twice; keep one of them")
        if not self.executes and not self.refuses:
            raise ValueError('executes nothing; add "snn" or "mlp", or say why in refuses')
        for actor in self.executes:
            prices = {name: getattr(self.energy_pj, name) for name in _NEEDED[actor]}
            if not by_time and not any(prices.values()):
                needed = " or ".join(f"energy_pj.{name}" for name in prices)
                raise ValueError(f'executes "{actor}" without {needed}; add the price or drop "{actor}"')
        return self

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        power = self.power_mw
        added = power.static or power.board_idle or power.mgmt_cpu or self.calibration
        if self.scope == "all_in" and added:
            raise ValueError(
                'scope "all_in" already holds static power and every overhead; '
                "remove power_mw.static, board_idle and mgmt_cpu, and calibration"
            )
        if self.scope != "per_term" and self.calibration:
            raise ValueError(
                f'scope "{self.scope}" has prices that were measured, and calibration would count the excess '
                "twice; remove one of the two"
            )
        known = [anchor.id for anchor in self.anchor]
        for name in self.calibration.anchors if self.calibration else ():
            if name not in known:
                raise ValueError(
                    f"calibration anchor {name!r} is not among the anchors {known}; add [[anchor]]"
                )
        return self

    @property
    def is_neuromorphic(self) -> bool:
        """Whether it is a chip for spikes, beside which a host encodes and decodes."""
        return self.kind in ("neuromorphic-digital", "neuromorphic-mixed")

    def weakest_evidence(self, evidence: Iterable[Evidence]) -> Evidence:
        """The weakest of ``evidence``; ``projected`` at best where the prices are another device's."""
        cap: list[Evidence] = ["projected"] if self.inherited_from else []
        return weakest([*evidence, *cap])


def profile_names() -> tuple[str, ...]:
    """Names of the shipped profiles, sorted."""
    names = (entry.name for entry in resources.files("hardware_profiles").iterdir())
    return tuple(sorted(name.removesuffix(".toml") for name in names if name.endswith(".toml")))


def load_profile(name_or_path: str | Path) -> Profile:
    """Load a shipped profile by name, or any profile by the path of its ``.toml`` file.

    Raises:
        ProfileError: unknown name, unreadable file, broken TOML, or a file that breaks the schema.
    """
    name_or_path = _as_spelt(name_or_path)
    text = _read(name_or_path)
    try:
        profile = Profile.model_validate(parse(text))
    except ValidationError as error:
        raise ProfileError(f"hardware profile {name_or_path}: {_first(error)}") from error
    except ValueError as error:
        raise ProfileError(
            f"hardware profile {name_or_path}: not valid TOML: {error}; mend that line"
        ) from error
    if profile.id != _stem(name_or_path):
        raise ProfileError(
            f"hardware profile {name_or_path}: id {profile.id!r} is not the file's name; "
            f"call it {_stem(name_or_path)!r} or rename the file to {profile.id}.toml"
        )
    if profile.inherited_from and profile.inherited_from not in profile_names():
        raise ProfileError(
            f"hardware profile {name_or_path}: inherited_from {profile.inherited_from!r} is unknown; "
            f"allowed: {', '.join(profile_names())}"
        )
    return profile


def _stem(name_or_path: str | Path) -> str:
    return Path(name_or_path).name.removesuffix(".toml")


def _as_spelt(name_or_path: str | Path) -> str | Path:
    """A shipped profile's name as its file spells it, upper and lower case aside; a path as it is."""
    if not isinstance(name_or_path, str) or name_or_path.endswith(".toml"):
        return name_or_path
    by_lower = {name.lower(): name for name in profile_names()}
    return by_lower.get(name_or_path.strip().lower(), name_or_path)


def _read(name_or_path: str | Path) -> str:
    if isinstance(name_or_path, str) and not name_or_path.endswith(".toml"):
        if name_or_path not in profile_names():
            # This package stands alone, and so cannot use the rest's own wording of what was meant.
            close = difflib.get_close_matches(name_or_path.lower(), profile_names(), n=1)
            meant = f"; did you mean {close[0]!r}?" if close else ""
            raise ProfileError(
                f"hardware profile {name_or_path!r} is unknown; allowed: {', '.join(profile_names())}; "
                f"choose one of them or give the path of a .toml file{meant}"
            )
        return resources.files("hardware_profiles").joinpath(f"{name_or_path}.toml").read_text("utf-8")
    try:
        return read_regular(Path(name_or_path)).decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8 text"
        raise ProfileError(
            f"hardware profile {name_or_path}: cannot be read ({reason}); "
            f"give a readable .toml file or one of {', '.join(profile_names())}"
        ) from error


def _short(value: str) -> str:
    return value if len(value) <= 60 else f"{value[:40]}... ({len(value):,} characters)"


def _first(error: ValidationError) -> str:
    """The first complaint of ``error`` on one line: where, what, and the value where it is a single one."""
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"]) or "top level"
    value = "" if isinstance(first["input"], dict | BaseModel) else f" = {_short(repr(first['input']))}"
    more = f" (and {error.error_count() - 1} more)" if error.error_count() > 1 else ""
    if first["type"] == "missing":
        return f"{where}: this key is missing; add it{more}"
    return f"{where}{value}: {first['msg'].removeprefix('Value error, ')}{more}"
