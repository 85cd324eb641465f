"""A registry on the loopback interface with one image in it, `base`, which is empty. Prints its port, and serves until its
standard input ends."""

import hashlib
import http.server
import json
import sys
import threading

IMAGE = "application/vnd.oci.image.manifest.v1+json"
CONFIG = json.dumps({"architecture": "amd64", "os": "linux", "rootfs": {"type": "layers", "diff_ids": []}}).encode()


def digest(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


MANIFEST = json.dumps({
    "schemaVersion": 2,
    "mediaType": IMAGE,
    "config": {"mediaType": "application/vnd.oci.image.config.v1+json", "size": len(CONFIG), "digest": digest(CONFIG)},
    "layers": [],
}).encode()
PAGES = {"": b"{}", "base/manifests/latest": MANIFEST, "base/manifests/" + digest(MANIFEST): MANIFEST, "base/blobs/" + digest(CONFIG): CONFIG}


class Registry(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        page = PAGES.get(self.path.removeprefix("/v2/"))
        self.send_response(404 if page is None else 200)
        self.send_header("Content-Type", IMAGE)
        self.send_header("Content-Length", str(len(page or b"")))
        self.send_header("Docker-Content-Digest", digest(page or b""))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(page or b"")

    do_HEAD = do_GET

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Registry)
threading.Thread(target=server.serve_forever, daemon=True).start()
print(server.server_port, flush=True)
sys.stdin.read()
