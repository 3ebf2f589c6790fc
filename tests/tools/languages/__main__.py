"""`python -m tests.tools.languages`: provide what compiles the examples in TypeScript and Java.

The TypeScript compiler and Pulumi's SDK come from npm, in the versions and with the hashes of
package-lock.json; the SDK for Java from Maven, as the example's pom.xml names it, if there is a JDK.
"""

import shutil
import subprocess
import sys

from tests.tools.languages.places import CLASSPATH, EXAMPLES, FOLDER, INSTALLED, PLACE

RESOLVE = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:build-classpath"


def main() -> None:
    lock = FOLDER / "package-lock.json"
    if not INSTALLED.exists() or INSTALLED.read_bytes() != lock.read_bytes():
        print(
            "Installing TypeScript and Pulumi's SDK from npm (once; half a minute) ...", flush=True
        )
        PLACE.mkdir(exist_ok=True)
        for name in ("package.json", lock.name):
            shutil.copy(FOLDER / name, PLACE)
        run("npm", "ci", "--prefix", str(PLACE), "--no-audit", "--no-fund", "--ignore-scripts")
        shutil.copy(lock, INSTALLED)
    if shutil.which("mvn") and not CLASSPATH.exists():
        print("Fetching Pulumi's SDK for Java from Maven (once; half a minute) ...", flush=True)
        words = ("-q", "-B", "-f", str(EXAMPLES / "java" / "pom.xml"), RESOLVE)
        run("mvn", *words, f"-Dmdep.outputFile={CLASSPATH}")


def run(*words: str) -> None:
    code = subprocess.run(words).returncode
    if code:
        sys.exit(
            f"`{' '.join(words)}` ended with {code}; the examples can't be compiled without it."
        )


if __name__ == "__main__":
    main()
