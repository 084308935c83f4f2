"""What is not installed is told with the command that installs it."""

import pytest

from neuro_aolo.errors import FormulationError
from neuro_aolo.formulate.extra import extra


def test_a_missing_package_comes_with_its_install_command() -> None:
    assert extra("json").loads("1") == 1
    with pytest.raises(FormulationError, match=r'no_such_package.*pip install "pint>=0.25" "bm25s>=0.3"'):
        extra("no_such_package")
