"""Carbon footprint of one request: equations (3) to (15) of AOLO, every term separately.

Each quantity is one pure function of numbers, NumPy arrays or torch tensors that broadcast.

References:
    X. Wang, H. Du, Y. Gao, D. I. Kim, "AOLO", 2025, arXiv:2503.04418, sections III and IV.
"""

from dataclasses import dataclass

from neuro_aolo.systems.aolo.parameters import Inference, Radio
from neuro_aolo.systems.arrays import Array, namespace
from neuro_aolo.units import G_PER_KG, J_PER_KWH, S_PER_YEAR

FLOP_PER_TFLOP = 1e12
BIT_PER_MBIT = 1e6


def inference_time_s(
    words: Array,
    *,
    flop_per_operation: float,
    operations_per_word: float,
    gpus: int,
    peak_flop_per_s: float,
    acceleration_exponent: float,
    prompt_time_s: float = 0.0,
    log_words: Array | None = None,
) -> Array:
    """Inference time in s, equation (6): ``T_I = F n kappa^alpha / (N F_peak) + T_p``.

    The constant part ``T_p`` is ours, and 0 in AOLO.

    Args:
        words: Length of the answer ``kappa``, in words.
        flop_per_operation: ``F``, in FLOP.
        operations_per_word: ``n``, operations per output word.
        gpus: ``N``, GPUs serving the request.
        peak_flop_per_s: ``F_peak`` of one GPU, in FLOP/s.
        acceleration_exponent: ``alpha``, dimensionless (the KV cache makes it less than 1).
        prompt_time_s: ``T_p``, what reading the prompt adds whatever the answer's length, in s.
        log_words: ``ln kappa`` where it is known: its exponential costs less than a power.
    """
    if log_words is None:
        accelerated = words**acceleration_exponent
    else:
        accelerated = namespace(log_words).exp(acceleration_exponent * log_words)
    time_s = flop_per_operation * operations_per_word / (gpus * peak_flop_per_s) * accelerated
    return time_s + prompt_time_s if prompt_time_s > 0.0 else time_s


def inference_operational_g(
    time_s: Array,
    *,
    gpus: int,
    gpu_power_w: float,
    pue: float,
    intensity_g_per_kwh: Array,
    batch_size: int = 1,
) -> Array:
    """Operational carbon of inference in g, equation (4): ``T_I N TDP PUE CI_DC / b``.

    Requests that are served at once share the GPUs evenly; that is ours, and ``b`` is 1 in AOLO.

    Args:
        time_s: Inference time ``T_I``, in s.
        gpus: ``N``, GPUs serving the request.
        gpu_power_w: Thermal design power of one GPU, in W.
        pue: Power usage effectiveness of the data centre, >= 1.
        intensity_g_per_kwh: Carbon intensity ``CI_DC``, in g/kWh.
        batch_size: ``b``, requests that the GPUs serve at once.
    """
    return time_s * intensity_g_per_kwh * (gpus * gpu_power_w * pue / J_PER_KWH / batch_size)


def inference_embodied_g(
    time_s: Array, *, gpus: int, gpu_embodied_g: float, gpu_lifetime_s: float, batch_size: int = 1
) -> Array:
    """Embodied carbon of inference in g, equation (5): ``(T_I / L_dc) N E_gpu / b``.

    Args:
        time_s: Inference time ``T_I``, in s.
        gpus: ``N``, GPUs serving the request.
        gpu_embodied_g: Embodied carbon per GPU share ``E_gpu``, in g.
        gpu_lifetime_s: Lifetime ``L_dc``, in s.
        batch_size: ``b``, requests that the GPUs serve at once.
    """
    return time_s * (gpus * gpu_embodied_g / gpu_lifetime_s / batch_size)


def transmission_time_s(
    words: Array, inverse_rate: Array, *, bits_per_word: float, bandwidth_hz: Array
) -> Array:
    """Mean transmission time in s, equations (10) and (14): ``kappa delta / B * E[1/log2(1 + gamma)]``.

    Args:
        words: Length ``kappa``, in words.
        inverse_rate: Mean inverse spectral efficiency above the outage threshold, in s Hz / bit.
        bits_per_word: ``delta``, in bit per word.
        bandwidth_hz: ``B``, in Hz.
    """
    return words * inverse_rate / bandwidth_hz * bits_per_word


def wireless_operational_g(
    words: Array,
    power_w: Array,
    time_s: Array,
    *,
    bits_per_word: float,
    downlink_bit_per_s: float,
    fixed_power_w: float,
    intensity_g_per_kwh: Array,
) -> Array:
    """Operational carbon of transmission in g: equations (8) and (15).

    ``C_C^op = (P T_C + (kappa delta / D) P_fix) CI_L``

    Args:
        words: Length ``kappa``, in words.
        power_w: Transmit power ``P``, or what the station's supply gives for it, in W.
        time_s: Mean transmission time, in s.
        bits_per_word: ``delta``, in bit per word.
        downlink_bit_per_s: ``D``, data that the station sends per second, in bit/s.
        fixed_power_w: ``P_fix``, the station's power to stay on, in W.
        intensity_g_per_kwh: Carbon intensity ``CI_L`` at the base station, in g/kWh.
    """
    fixed_j_per_word = bits_per_word / downlink_bit_per_s * fixed_power_w
    return (power_w * time_s + words * fixed_j_per_word) * intensity_g_per_kwh / J_PER_KWH


def wireless_embodied_g(
    words: Array,
    *,
    bits_per_word: float,
    downlink_bit_per_s: float,
    bs_embodied_g: float,
    bs_lifetime_s: float,
) -> Array:
    """Embodied carbon of transmission in g, equation (9): ``kappa delta E_bs / (D L_bs)``.

    Args:
        words: Length ``kappa``, in words.
        bits_per_word: ``delta``, in bit per word.
        downlink_bit_per_s: ``D``, in bit/s.
        bs_embodied_g: Embodied carbon of the base station ``E_bs``, in g.
        bs_lifetime_s: Lifetime ``L_bs``, in s.
    """
    return words * (bits_per_word * bs_embodied_g / (downlink_bit_per_s * bs_lifetime_s))


@dataclass(frozen=True)
class Footprint:
    """Times and carbon of a batch of requests; every field has shape ``(n,)``.

    Attributes:
        inference_time_s: ``T_I``, in s.
        transmission_time_s: Mean ``T_C``, in s.
        inference_operational_g: ``C_I^op``, in g CO2e.
        inference_embodied_g: ``C_I^em``, in g CO2e.
        wireless_operational_g: Mean ``C_C^op``, in g CO2e.
        wireless_embodied_g: ``C_C^em``, in g CO2e.
        bits: Data of the answer ``kappa delta``, in bit.
    """

    inference_time_s: Array
    transmission_time_s: Array
    inference_operational_g: Array
    inference_embodied_g: Array
    wireless_operational_g: Array
    wireless_embodied_g: Array
    bits: Array

    @property
    def inference_g(self) -> Array:
        """Carbon of the inference phase ``C_I``, in g."""
        return self.inference_operational_g + self.inference_embodied_g

    @property
    def wireless_g(self) -> Array:
        """Mean carbon of the wireless phase ``C_C``, equation (15), in g."""
        return self.wireless_operational_g + self.wireless_embodied_g

    @property
    def total_g(self) -> Array:
        """Carbon of the request ``C``, equation (3), in g."""
        return self.inference_g + self.wireless_g

    @property
    def g_per_bit(self) -> Array:
        """Carbon per bit of the answer, in g/bit."""
        return self.total_g / self.bits


def footprint_of(
    inference: Inference,
    radio: Radio,
    *,
    words: Array,
    power_w: Array,
    inverse_rate: Array,
    bandwidth_hz: Array,
    dc_intensity_g_per_kwh: Array,
    bs_intensity_g_per_kwh: Array,
    log_words: Array | None = None,
) -> Footprint:
    """Times and carbon of requests served by given GPUs and a given base station.

    Args:
        inference: The GPUs.
        radio: The base station.
        words: Length of each answer ``kappa``, in words, ``(n,)``.
        power_w: Transmit power ``P``, or what the station's supply gives for it, in W, ``(n,)``.
        inverse_rate: Mean inverse spectral efficiency above the outage threshold, in s Hz / bit, ``(n,)``.
        bandwidth_hz: ``B``, in Hz, ``(n,)``.
        dc_intensity_g_per_kwh: ``CI_DC``, in g/kWh, ``(n,)``.
        bs_intensity_g_per_kwh: ``CI_L``, in g/kWh, ``(n,)``.
        log_words: ``ln kappa`` where it is known, ``(n,)``.
    """
    inference_s = inference_time_s(
        words,
        flop_per_operation=inference.tflop_per_operation * FLOP_PER_TFLOP,
        operations_per_word=inference.operations_per_word,
        gpus=inference.gpus,
        peak_flop_per_s=inference.peak_tflop_per_s * FLOP_PER_TFLOP,
        acceleration_exponent=inference.acceleration_exponent,
        prompt_time_s=inference.prompt_time_s,
        log_words=log_words,
    )
    transmission_s = transmission_time_s(
        words, inverse_rate, bits_per_word=radio.bits_per_word, bandwidth_hz=bandwidth_hz
    )
    downlink_bit_per_s = radio.downlink_mbit_per_s * BIT_PER_MBIT
    return Footprint(
        inference_time_s=inference_s,
        transmission_time_s=transmission_s,
        inference_operational_g=inference_operational_g(
            inference_s,
            gpus=inference.gpus,
            gpu_power_w=inference.gpu_power_w,
            pue=inference.pue,
            intensity_g_per_kwh=dc_intensity_g_per_kwh,
            batch_size=inference.batch_size,
        ),
        inference_embodied_g=inference_embodied_g(
            inference_s,
            gpus=inference.gpus,
            gpu_embodied_g=inference.gpu_embodied_kg * G_PER_KG,
            gpu_lifetime_s=inference.gpu_lifetime_years * S_PER_YEAR,
            batch_size=inference.batch_size,
        ),
        wireless_operational_g=wireless_operational_g(
            words,
            power_w,
            transmission_s,
            bits_per_word=radio.bits_per_word,
            downlink_bit_per_s=downlink_bit_per_s,
            fixed_power_w=radio.fixed_power_w,
            intensity_g_per_kwh=bs_intensity_g_per_kwh,
        ),
        wireless_embodied_g=wireless_embodied_g(
            words,
            bits_per_word=radio.bits_per_word,
            downlink_bit_per_s=downlink_bit_per_s,
            bs_embodied_g=radio.bs_embodied_kg * G_PER_KG,
            bs_lifetime_s=radio.bs_lifetime_years * S_PER_YEAR,
        ),
        bits=words * radio.bits_per_word,
    )
