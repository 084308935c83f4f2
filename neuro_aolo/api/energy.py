"""Energy of a network of one's own."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from neuro_aolo.api.arguments import names_of
from neuro_aolo.api.deployed import Energy
from neuro_aolo.api.errors import speaks_python
from neuro_aolo.runs.defaults import OF_DEPLOYMENT, TWIN_KIND

if TYPE_CHECKING:
    from numpy.typing import ArrayLike
    from torch import nn

    from neuro_aolo_export.graph import DenseGraph, SpikingGraph


@speaks_python
def energy(
    network: "str | Path | nn.Module | DenseGraph | SpikingGraph",
    inputs: "ArrayLike | str | Path | None" = None,
    *,
    profiles: "Sequence[str | Path] | str | None" = None,
    request_rate_hz: float | None = None,
    twin: str = TWIN_KIND,
    host: str | None = OF_DEPLOYMENT,
    weight_bits: int | None = None,
    output: str | None = None,
    steps: int | None = None,
    dt_s: float | None = None,
    reset: str | None = None,
) -> Energy:
    """Joules of a decision of any network that we can read, on each device.

    Dense networks of linear layers and usual activations are billed as our MLP is; another operator is
    refused by its name. What was read is run beside the original on the inputs first.

    Args:
        network: an ``.onnx`` or ``.nir`` file, a graph file, a PyTorch module, or a graph, as
            ``run.graph``.
        inputs: what it decides on: an array, or an ``.npz`` file with the array ``input``. Of a dense network
            ``(decisions, numbers)``; of a spiking one spikes ``(decisions, steps, channels)``, or
            observations ``(decisions, numbers)`` in [-1, 1] where it has an encoder.
        profiles: devices by name or ``.toml`` file; all of :func:`~neuro_aolo.profiles` where None.
        request_rate_hz: decisions a second of a device that is always on; it is on for each decision alone
            where None.
        twin: ``mlp-int8`` or ``mlp-fp32``: in which numbers a dense network is deployed.
        host: device that encodes and decodes for a chip that cannot; None for none.
        weight_bits: of a spiking network's integers, 4 to 8; 8 where None.
        output: which output of an ONNX file is the network's, where it has several.
        steps: time steps of a decision, of a NIR file that tells none.
        dt_s: time step in s, likewise.
        reset: ``zero`` or ``subtract``: how the neurons of a NIR file reset, which the file cannot say;
            ``zero`` where None, and ``network["reset_assumed"]`` is then true.

    Returns:
        The bills: modelled from published prices, not measured; ``network`` holds layers and
        multiply-accumulates.

    Raises:
        ExportError: the network cannot be read, or has an operator without a price.
        ProfileError, AgentError: a device or an argument is not allowed.

    Example:
        >>> import torch
        >>> import neuro_aolo as na
        >>> network = torch.nn.Sequential(torch.nn.Linear(5, 64), torch.nn.ReLU(), torch.nn.Linear(64, 2))
        >>> bill = na.energy(network, torch.rand(8, 5).numpy(), profiles=["mcu_m33_u575"])
        >>> bill.network["macs"] == 5 * 64 + 64 * 2
        True
        >>> 0.0 < bill.nominal_j["mcu_m33_u575"] < 1e-3
        True
    """
    from neuro_aolo.runs.priced_network import price_network

    result = price_network(
        network,
        inputs,
        profiles=names_of(profiles),
        request_rate_hz=request_rate_hz,
        twin=twin,
        host=host,
        weight_bits=weight_bits,
        output=output,
        steps=steps,
        dt_s=dt_s,
        reset=reset,
    )
    known: dict[str, Any] = {key: value for key, value in result.to_dict().items() if key != "priced"}
    return Energy.of(result.kind, result.priced, known)
