import hashlib
import tomllib

import pytest

from neuro_aolo.carbon.deployment import OLD_AGENT_CARBON, Deployment
from neuro_aolo.errors import ScenarioError
from neuro_aolo.runs.cell import scenario_sha256
from neuro_aolo.runs.config import learnt_toml
from neuro_aolo.systems.aolo.scenario import Scenario


@pytest.mark.parametrize(("old", "new"), [("marginal", "work"), ("full", "provisioned")])
def test_old_names_are_read_and_written_anew(old: str, new: str) -> None:
    assert OLD_AGENT_CARBON[old] == new
    for read in (
        Deployment.of({"agent_carbon": old}, "a file"),
        Deployment(agent_carbon=old),  # type: ignore[arg-type]
        Deployment.model_validate_json(f'{{"agent_carbon": "{old}"}}'),
    ):
        assert read == Deployment(agent_carbon=new)  # type: ignore[arg-type]
        assert read.model_dump()["agent_carbon"] == new


@pytest.mark.parametrize("value", ["half", "Work", 1, ["full"], None])
def test_other_names_are_refused_with_those_that_there_are(value: object) -> None:
    with pytest.raises(ScenarioError, match=r"deployment\.agent_carbon = .*'none', 'work' or 'provisioned'"):
        Deployment.of({"agent_carbon": value}, "a file")


def test_what_was_learnt_under_an_old_name_of_the_same_thing_is_the_same() -> None:
    """Cells of ``full`` go on as cells of ``provisioned``; those of ``marginal``, which held less, do not."""
    scenario = Scenario.load("paper")
    learnt = {name: learnt_toml(scenario, Deployment(agent_carbon=name)) for name in ("work", "provisioned")}  # type: ignore[arg-type]
    named = {name: tomllib.loads(text)["deployment"]["agent_carbon"] for name, text in learnt.items()}
    assert named == {"work": "work", "provisioned": "full"}
    digest = hashlib.sha256(learnt["provisioned"].encode()).hexdigest()
    assert scenario_sha256(scenario, Deployment(agent_carbon="full")) == digest  # type: ignore[arg-type]
