"""Where the examples in other languages and their compilers are."""

from pathlib import Path

ROOT = Path(__file__).parents[3]
EXAMPLES = ROOT / "examples"
FOLDER = Path(__file__).parent
PLACE = ROOT / ".languages"  # outside the tests: packages from npm bring Python files of their own
MODULES = PLACE / "node_modules"
CLASSPATH = PLACE / "classpath"
INSTALLED = PLACE / "installed"  # the lock file that the packages from npm are of
