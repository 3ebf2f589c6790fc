"""Where the browser tests find what they need."""

from pathlib import Path

FOLDER = Path(__file__).parent
CHROMIUM = "/usr/bin/chromium"
DRIVER = "/usr/bin/chromedriver"
AXE = FOLDER / "node_modules" / "axe-core" / "axe.min.js"
