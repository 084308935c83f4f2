"""Neurons over all steps of a decision, with their gradients: one node of the graph for a whole layer.

On the CPU a loop over a layer's neurons is compiled (:mod:`~neuro_aolo.agent.spiking_loops`): the same
spikes in a third of the time or less. Elsewhere, in other precisions and under ``torch.compile`` it is
Norse's step, which the loop is tested against.
"""

import warnings
from typing import Any

import torch
from torch import Tensor

from neuro_aolo.agent import spiking_loops

with warnings.catch_warnings():
    # Norse 1.1 compiles helpers with torch.jit, which torch 2.13 announces to retire.
    warnings.simplefilter("ignore", DeprecationWarning)
    from norse.torch.functional.leaky_integrator import LIParameters, LIState, li_feed_forward_step


class IntegrateAndFire(torch.autograd.Function):
    """T steps of deterministic soft-reset neurons, equation (27); the gradient passes a spike unchanged."""

    @staticmethod
    def forward(ctx: Any, stimulus: Tensor, threshold: float, steps: int) -> Tensor:
        """Spikes ``(T, ...)`` of a constant stimulus ``(...)``."""
        ctx.threshold = threshold
        spikes = stimulus.new_empty((steps, *stimulus.shape))
        if _in_loops(stimulus):
            spiking_loops.integrate_and_fire(_flat(stimulus), _rows(spikes), *_singles(threshold))
            return spikes
        voltage = torch.zeros_like(stimulus)
        for spike in spikes:
            voltage = voltage + stimulus
            torch.gt(voltage, threshold, out=spike)
            voltage -= spike * threshold
        return spikes

    @staticmethod
    def backward(ctx: Any, *grad: Tensor) -> tuple[Tensor, None, None]:
        """Gradient of the stimulus."""
        (to_spikes,) = grad
        to_stimulus = to_spikes.new_zeros(to_spikes.shape[1:])
        if _in_loops(to_spikes):
            spiking_loops.integrate_and_fire_gradient(
                _rows(to_spikes), _flat(to_stimulus), *_singles(1.0 - ctx.threshold)
            )
            return to_stimulus, None, None
        to_voltage = torch.zeros_like(to_stimulus)
        for to_spike in to_spikes.flip(0):
            to_voltage = to_spike + (1.0 - ctx.threshold) * to_voltage
            to_stimulus += to_voltage
        return to_stimulus, None, None


class LIF(torch.autograd.Function):
    """T steps of Norse's leaky integrator with a spike and a hard reset, differentiated by hand."""

    @staticmethod
    def forward(
        ctx: Any, currents: Tensor, leak: float, gain: float, threshold: float, width: float
    ) -> Tensor:
        """Spikes ``(T, ...)`` of currents likewise.

        Args:
            ctx: torch's.
            currents: of every step.
            leak: Norse's ``tau_syn_inv``.
            gain: Norse's ``tau_mem_inv``, which also scales threshold and width.
            threshold: of the membrane.
            width: of the surrogate's window, on either side of it.
        """
        voltages, spikes = (currents.new_empty(currents.shape) for _ in range(2))
        ctx.leak, ctx.gain = leak, gain
        ctx.threshold, ctx.width = threshold, width
        if _in_loops(currents):
            numbers = _singles(gain, leak, threshold)
            spiking_loops.lif(_rows(currents), _rows(voltages), _rows(spikes), *numbers)
        else:
            parameters = LIParameters(tau_syn_inv=leak, tau_mem_inv=gain, v_leak=0.0)
            state = LIState(v=torch.zeros_like(currents[0]), i=torch.zeros_like(currents[0]))
            for current, voltage, spike in zip(currents, voltages, spikes, strict=True):
                v, state = li_feed_forward_step(current, state, parameters, dt=1.0)
                voltage.copy_(v)
                torch.gt(v, threshold, out=spike)
                state = LIState(v=torch.addcmul(v, spike, v, value=-1.0), i=state.i)
        ctx.save_for_backward(voltages, spikes)
        return spikes

    @staticmethod
    def backward(ctx: Any, *grad: Tensor) -> tuple[Tensor, None, None, None, None]:
        """Gradient of the currents."""
        voltages, spikes = ctx.saved_tensors
        gain, leak = ctx.gain, ctx.leak
        to_currents = voltages.new_empty(voltages.shape)
        if _in_loops(voltages):
            numbers = _singles(ctx.threshold, ctx.width, gain, 1.0 - leak, 1.0 / gain, 1.0 - gain)
            rows = (_rows(each) for each in (grad[0], voltages, spikes, to_currents))
            spiking_loops.lif_gradient(*rows, *numbers)
            return to_currents, None, None, None, None
        surrogate = ((voltages - ctx.threshold).abs() < ctx.width) * (1.0 / gain)
        silent = 1.0 - spikes
        to_reset, to_i = torch.zeros_like(voltages[0]), torch.zeros_like(voltages[0])
        for t in reversed(range(len(voltages))):
            to_spike = torch.addcmul(grad[0][t], to_reset, voltages[t], value=-1.0)
            to_v = torch.addcmul(to_spike * surrogate[t], to_reset, silent[t])
            to_i = torch.add(to_v * gain, to_i, alpha=1.0 - leak, out=to_currents[t])
            to_reset = to_v * (1.0 - gain)
        return to_currents, None, None, None, None


class SteadyRates(torch.autograd.Function):
    """Mean spikes per step of :class:`LIF` under a current that does not change: no step is kept."""

    @staticmethod
    def forward(
        ctx: Any, current: Tensor, steps: int, leak: float, gain: float, threshold: float, width: float
    ) -> Tensor:
        """Rates ``(...)`` of a current likewise; the other arguments are those of :class:`LIF`.

        Only the compiled loops know them: see :func:`steady_rates`.
        """
        needed = ctx.needs_input_grad[0]
        rates, slopes = torch.empty_like(current), current.new_empty(current.shape if needed else 0)
        numbers = _singles(gain, leak, threshold, width, 1.0 / gain)
        spiking_loops.steady(_flat(current), _flat(rates), _flat(slopes), steps, *numbers)
        if needed:
            ctx.save_for_backward(slopes)
        return rates

    @staticmethod
    def backward(ctx: Any, *grad: Tensor) -> tuple[Tensor, None, None, None, None, None]:
        """Gradient of the current."""
        (slopes,) = ctx.saved_tensors
        return grad[0] * slopes, None, None, None, None, None


def steady_rates(
    current: Tensor, steps: int, leak: float, gain: float, threshold: float, width: float
) -> Tensor:
    """Mean spikes per step ``(...)`` of a current ``(...)`` that is the same at each of ``steps``.

    The other arguments are those of :class:`LIF`, whose spikes these are.
    """
    neuron = leak, gain, threshold, width
    if _in_loops(current):
        rates: Tensor = SteadyRates.apply(current.contiguous(), steps, *neuron)  # type: ignore[no-untyped-call]
        return rates
    spikes: Tensor = LIF.apply(current.expand(steps, *current.shape), *neuron)  # type: ignore[no-untyped-call]
    return spikes.mean(dim=0)


def _in_loops(values: Tensor) -> bool:
    return (
        spiking_loops.ON
        and values.device.type == "cpu"
        and values.dtype == torch.float32
        and not torch.compiler.is_compiling()
    )


def _rows(values: Tensor) -> Any:
    """``(T, ...)`` as ``(T, n)`` in NumPy; shared with what was made here, which lies in one piece."""
    return values.detach().contiguous().numpy().reshape(len(values), -1)


def _flat(values: Tensor) -> Any:
    return values.detach().contiguous().numpy().reshape(-1)


def _singles(*numbers: float) -> Any:
    return torch.tensor(numbers, dtype=torch.float32).numpy()
