"""A cloud server that serves nothing: what the server commands need of the real ones."""

import argparse
import http.server
import json
import sys
from pathlib import Path


class Nothing(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_error(404)

    def log_message(self, *_: object) -> None:
        pass


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--state", type=Path, required=True)
    options = parser.parse_args()
    if (options.state / "broken").exists():
        sys.exit("the stub is broken")
    server = http.server.ThreadingHTTPServer(("127.0.0.1", options.port), Nothing)
    print("a line that is not the answer")
    print(json.dumps({"endpoint": f"http://127.0.0.1:{server.server_address[1]}"}), flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
