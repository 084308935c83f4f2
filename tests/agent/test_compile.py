"""A compiled actor decides as the eager one does: every spike, and gradients to rounding."""

import copy
import shutil
from dataclasses import replace

import pytest
import torch

from neuro_aolo.agent.popsan import TUNED, PopSAN

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not any(map(shutil.which, ("c++", "g++", "clang++"))), reason="torch.compile needs a C++ compiler"
    ),
    # torch 2.13's compiler uses what torch announces to retire.
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]


def twins(device: str, mode: str) -> tuple[PopSAN, PopSAN]:
    config = replace(TUNED, hidden=(32, 32))
    eager = PopSAN(5, 2, config, torch.Generator().manual_seed(0)).to(device)
    with torch.no_grad():
        for layer in eager.layers:
            layer.weight *= 3.0
    compiled = copy.deepcopy(eager)
    compiled.compile(dynamic=True, mode=mode)
    return eager, compiled


def agree(eager: PopSAN, compiled: PopSAN, device: str) -> None:
    generator = torch.Generator().manual_seed(1)
    states = [(torch.rand(size, 5, generator=generator) * 2 - 1).to(device) for size in (64, 200)]
    record = torch.compile(compiled.spikes, dynamic=True)
    for batch in states:
        with torch.no_grad():
            for mine, theirs in zip(record(batch), eager.spikes(batch), strict=True):
                assert 0.01 < theirs.mean() < 0.99
                assert torch.equal(mine, theirs)
            torch.testing.assert_close(compiled(batch).clone(), eager(batch), rtol=0.0, atol=1e-6)
        for actor in (eager, compiled):
            actor.zero_grad()
            actor(batch).square().sum().backward()
        for (name, one), other in zip(compiled.named_parameters(), eager.parameters(), strict=True):
            scale = float(other.grad.abs().max())
            assert scale > 0.0, name
            torch.testing.assert_close(one.grad, other.grad, rtol=1e-5, atol=1e-5 * scale)
    assert list(compiled.state_dict()) == list(eager.state_dict())


def test_on_the_processor() -> None:
    agree(*twins("cpu", "default"), "cpu")


@pytest.mark.skipif(not torch.cuda.is_available(), reason="torch sees no CUDA GPU")
def test_with_cuda_graphs() -> None:
    agree(*twins("cuda", "reduce-overhead"), "cuda")
