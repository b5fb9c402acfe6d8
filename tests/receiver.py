"""A receiver of pushes: a real HTTP server that answers as it is told to and remembers what it got."""

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Receiver:
    """Answers each request with the next of `statuses`, then with 200; None: it does not answer at all."""

    def __init__(self, *statuses):
        self.statuses, self.got, self.headers = list(statuses), [], []
        self.released = threading.Event()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                outer.headers.append(dict(self.headers))
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                status = outer.statuses.pop(0) if outer.statuses else 200
                outer.got.append(body)
                if status is None:
                    outer.released.wait(30)
                    return
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/push"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def ids(self):
        """The ids it got, in their order."""
        return [body["id"] for body in self.got]

    def close(self):
        self.released.set()
        self._server.shutdown()
        self._server.server_close()


@contextmanager
def receiver(*statuses):
    """A receiver as long as this lasts."""
    one = Receiver(*statuses)
    try:
        yield one
    finally:
        one.close()
