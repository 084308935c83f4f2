"""What the tests of environments share."""

import sys
from pathlib import Path

# Tests are no package: the environments that several of them control are a module beside them.
sys.path.insert(0, str(Path(__file__).parent))
