"""The diffusion actor: its passes beside the published formulas, its gradient, and its first phase."""

from typing import Literal

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch.nn import functional
from toy_tasks import Cliff

from neuro_aolo.agent.diffusion import Diffusion, DiffusionConfig, schedule
from neuro_aolo.agent.evaluate import held_out, noise_free
from neuro_aolo.agent.gaussian import straight_through
from neuro_aolo.agent.mish import mish
from neuro_aolo.agent.optimise import output_parameters
from neuro_aolo.agent.sdrl_config import SDRLConfig
from neuro_aolo.agent.train import train_actor
from neuro_aolo.errors import AgentError

Array = NDArray[np.float64]
S, A = 5, 2


def actor(
    steps: int = 5,
    reach: float = 5.0,
    activation: Literal["relu", "mish"] = "relu",
    hidden: tuple[int, ...] = (24, 16),
    louder: float = 1.5,
    seed: int = 0,
) -> Diffusion:
    """An untrained one with larger output weights: from about 6 times on estimates reach their bounds."""
    built = DiffusionConfig(hidden, steps, reach, activation).build(S, A, torch.Generator().manual_seed(seed))
    weight, bias = output_parameters(built)
    with torch.no_grad():
        weight.mul_(louder / built.unit)
        bias.uniform_(-0.01, 0.01, generator=torch.Generator().manual_seed(seed + 1)).mul_(
            louder / built.unit
        )
    return built


def observations(count: int, seed: int = 0) -> torch.Tensor:
    return torch.rand(count, S, generator=torch.Generator().manual_seed(seed)) * 2.0 - 1.0


def soft(x: Array) -> Array:
    return x * np.tanh(np.log1p(np.exp(x)))


def published(of: Diffusion, seen: Array) -> tuple[Array, list[Array]]:
    """The action by the formulas as printed, and every estimate of x0 before its clip, in float64."""
    weights = {name: value.detach().double().numpy() for name, value in of.state_dict().items()}

    def through(kind: str, index: int, x: Array) -> Array:
        return x @ weights[f"{kind}.{index}.weight"].T + weights[f"{kind}.{index}.bias"]

    steps, layers = of.config.steps, len(of.layers)
    i = np.arange(1, steps + 1)
    beta = 1.0 - np.exp(-0.1 / steps - (10.0 - 0.1) * (2 * i - 1) / (2 * steps**2))
    alpha = 1.0 - beta
    abar = np.concatenate([[1.0], np.cumprod(alpha)])
    x, estimates = np.zeros((len(seen), A)), []
    for k in range(steps, 0, -1):
        rates = 10_000.0 ** (-np.arange(8) / 7)
        told = np.concatenate([np.sin(k * rates), np.cos(k * rates)])
        told = through("time", 1, soft(through("time", 0, told)))
        h = np.column_stack([seen, x, np.tile(told, (len(seen), 1))])
        for index in range(layers - 1):
            h = through("layers", index, h)
            h = soft(h) if of.config.activation == "mish" else np.maximum(h, 0.0)
        eps = of.unit * through("layers", layers - 1, h)
        x0 = (x - np.sqrt(1.0 - abar[k]) * eps) / np.sqrt(abar[k])
        estimates.append(x0)
        x = (
            beta[k - 1] * np.sqrt(abar[k - 1]) / (1.0 - abar[k]) * np.clip(x0, -1.0, 1.0)
            + (1.0 - abar[k - 1]) * np.sqrt(alpha[k - 1]) / (1.0 - abar[k]) * x
        )
    x = np.clip(x, -1.0, 1.0)
    return np.tanh(of.config.reach * x) if of.config.reach else x, estimates


@pytest.mark.parametrize(("reach", "activation"), [(0.0, "mish"), (5.0, "relu")])
@pytest.mark.parametrize("steps", [2, 5, 10])
def test_it_is_the_published_chain(steps: int, reach: float, activation: Literal["relu", "mish"]) -> None:
    built, seen = actor(steps, reach, activation, louder=8.0), observations(500)
    expected, estimates = published(built, seen.double().numpy())
    with torch.no_grad():
        found = built(seen)
    np.testing.assert_allclose(found.numpy(), expected, rtol=0, atol=2e-5)
    # Some estimates are clipped and others are not, so that both are seen.
    clipped = np.abs(np.concatenate(estimates)) > 1.0
    assert 0.02 < clipped.mean() < 0.98
    assert float(found.std()) > 0.01
    assert float(found.abs().max()) <= 1.0


def test_the_schedule_ends_as_published() -> None:
    """Its abar_N is exp(-(b_min + b_max) / 2), whatever N; the last pass gives its estimate alone."""
    for steps in (2, 5, 50):
        found = schedule(steps)
        assert found.signal[-1] ** 2 == pytest.approx(np.exp(-5.05), rel=1e-12)
        assert (found.estimate[0], found.kept[0]) == (pytest.approx(1.0), 0.0)
        np.testing.assert_allclose(found.noise**2 + found.signal**2, 1.0)


def test_it_decides_the_same_in_training_and_out_of_it() -> None:
    built, seen = actor(), observations(50)
    torch.manual_seed(0)
    first = built.train()(seen)
    torch.manual_seed(1)
    assert torch.equal(first, built.eval()(seen))


@pytest.mark.parametrize(("reach", "activation"), [(0.0, "mish"), (5.0, "relu")])
def test_its_graph_decides_as_it_does(reach: float, activation: Literal["relu", "mish"]) -> None:
    built, seen = actor(5, reach, activation, hidden=(256, 256)), observations(2_000)
    with torch.no_grad():
        found = built(seen).numpy()
    graph = built.graph()
    np.testing.assert_allclose(graph.forward(seen.numpy()), found, rtol=0, atol=2e-6)
    assert (graph.input_size, graph.action_size, graph.passes) == (S, A, 5)


def plainly(of: Diffusion, seen: torch.Tensor) -> torch.Tensor:
    """The chain with the whole input in every pass, and torch's own Mish."""
    x, config = torch.zeros(len(seen), A, dtype=seen.dtype), of.config
    active = functional.mish if config.activation == "mish" else functional.relu
    for index in reversed(range(config.steps)):
        told = of.time[1](functional.mish(of.time[0](of.waves[index])))
        h = torch.cat([seen, x, told.expand(len(seen), -1)], dim=1)
        for layer in of.layers[:-1]:
            h = active(layer(h))
        noise, signal, estimate, kept = of.coefficients[index]
        x0 = (x - noise * of.unit * of.layers[-1](h)) / signal
        x = estimate * x0.clamp(-1.0, 1.0) + kept * x
    return torch.tanh(config.reach * x.clamp(-1.0, 1.0))


@pytest.mark.parametrize("activation", ["relu", "mish"])
def test_its_gradient_is_that_of_a_plain_loop(activation: Literal["relu", "mish"]) -> None:
    built, seen = actor(activation=activation, louder=0.02).double(), observations(64).double()
    gradients = []
    for decide in (built, lambda x: plainly(built, x)):
        built.zero_grad()
        (decide(seen) * torch.tensor([1.0, -0.7])).sum().backward()
        gradients.append([parameter.grad.clone() for parameter in built.parameters()])
    # No clip holds here, where the two would differ on purpose.
    assert all(np.abs(x0).max() < 1.0 for x0 in published(built, seen.numpy())[1])
    for (name, _), one, other in zip(built.named_parameters(), *gradients, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-9, atol=1e-12, msg=name)
        assert float(one.abs().max()) > 0.0


def test_mish_is_mish() -> None:
    x = torch.cat([torch.linspace(-120, 120, 2001), torch.linspace(-4, 4, 2001)]).requires_grad_()
    exact = x.detach().double().requires_grad_()
    functional.mish(exact).sum().backward()
    mish(x).sum().backward()
    assert x.grad is not None
    assert exact.grad is not None
    np.testing.assert_allclose(mish(x).detach(), functional.mish(exact).detach(), rtol=1e-6, atol=1e-30)
    np.testing.assert_allclose(x.grad, exact.grad, rtol=0, atol=1e-6)
    assert torch.autograd.gradcheck(mish, torch.linspace(-6, 6, 25, dtype=torch.float64, requires_grad=True))


@pytest.mark.parametrize("bound", [-1.0, 1.0])
def test_an_action_beyond_a_bound_comes_back(bound: float) -> None:
    built, seen = actor(reach=0.0), observations(32)
    _, bias = output_parameters(built)
    with torch.no_grad():
        bias.fill_(-200.0 * bound)
    optimiser = torch.optim.Adam([bias], lr=5.0)
    assert (built(seen) == bound).all()
    for sign in (1.0, -1.0):
        optimiser.zero_grad()
        (sign * built(seen)).sum().backward()
        # Descent on the action itself leads up or down: only one of the two leads back inside.
        assert bool((bias.grad != 0.0).any()) == (sign == bound)
    for _ in range(100):
        optimiser.zero_grad()
        built(seen).square().sum().backward()
        optimiser.step()
    assert (built(seen).abs() == 1.0).float().mean() < 0.1


def test_the_output_bias_alone_finds_the_best_constant() -> None:
    """All of a training but its end is the first phase: the best constant action of the task is 1 / 2."""
    config = SDRLConfig(
        total_steps=40_000, num_envs=64, critic_hidden=(64, 64), evaluate_every=25, bias_share=0.99
    )
    shape = DiffusionConfig((32, 32))
    trained = train_actor(Cliff(), lambda generator: shape.build(3, 1, generator), config, seed=0)
    begun = shape.build(3, 1, torch.Generator().manual_seed(0))
    assert output_parameters(begun)[1] is begun.layers[-1].bias
    rows = np.random.default_rng(0).uniform(-1.0, 1.0, (4_000, 3)).astype(np.float32)
    found = noise_free(trained.actor)(rows)
    assert found.mean() == pytest.approx(0.5, abs=0.06)
    assert found.std() < 0.05


def test_a_dense_chain_finds_the_state_dependent_edge() -> None:
    config = SDRLConfig(
        total_steps=32_000, num_envs=64, critic_hidden=(64, 64), evaluate_every=25, noise_end=0.02
    )
    shape = DiffusionConfig((32, 32))
    trained = train_actor(Cliff(), lambda generator: shape.build(3, 1, generator), config, seed=0)
    found = held_out(Cliff(), 4_000).evaluate(noise_free(trained.actor))
    # The best constant action has a regret of 0.25.
    assert found.violation_rate <= 0.01
    assert found.regret < 0.05


def test_a_gradient_passes_its_last_tanh_alone_where_it_has_one() -> None:
    for reach, slope in ((0.0, 1.0), (5.0, 20.0)):
        means = torch.tensor([[0.99]], requires_grad=True)
        straight_through(means * 1.0, actor(reach=reach)).sum().backward()
        assert float(means.grad) == pytest.approx(slope)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"steps": 1}, r"a single pass has beta = 0\.994, so its estimate of x0 divides by 0\.08"),
        ({"steps": 0}, "steps = 0 is not allowed: give 2 to 100"),
        ({"steps": 101}, "steps = 101 is not allowed: give 2 to 100"),
        ({"hidden": (0,)}, "hidden = 0 is not allowed"),
        ({"reach": -1.0}, "reach = -1.0 is not allowed"),
        ({"reach": float("nan")}, "reach = nan is not allowed"),
        ({"activation": "tanh"}, "activation = 'tanh' is unknown: give relu or mish"),
    ],
)
def test_shapes_that_no_such_network_has_are_refused(settings: dict[str, object], said: str) -> None:
    with pytest.raises(AgentError, match=said):
        DiffusionConfig(**settings)  # type: ignore[arg-type]
