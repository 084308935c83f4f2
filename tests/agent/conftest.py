"""What the tests of the agent share."""

import sys
from pathlib import Path

# Tests are no package: the tasks that several of them learn are a module beside them.
sys.path.insert(0, str(Path(__file__).parent))
