"""peers.py - the servers that cases share, and peers that speak through a bare socket."""
import contextlib
import pathlib
import socket
import struct
import threading

HERE = pathlib.Path(__file__).resolve().parent

_NGINX = """
user root;
worker_processes 1;
error_log stderr crit;
pid {folder}/nginx.pid;
events {{ worker_connections 1024; }}
http {{
  access_log off;
  server_tokens off;
  types {{ text/html html; text/css css; application/javascript js; image/png png;
           application/json json; text/plain txt; }}
  default_type application/octet-stream;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  {more_http}
  server {{
    listen 80;
    listen [::]:80;
    root {folder}/www;
    {more_server}
  }}
}}
"""


def nginx(lab, host, files=None, more_http="", more_server="", folder="nginx"):
    """nginx on port 80 of the host; `files` maps names to contents."""
    home = lab.folder / folder
    for name, content in {"index.html": b"<!doctype html><p>Hello\n", **(files or {})}.items():
        path = home / "www" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    settings = home / "nginx.conf"
    settings.write_text(_NGINX.format(folder=home, more_http=more_http, more_server=more_server))
    program = host.start("nginx", "-e", "stderr", "-c", settings, "-g", "daemon off;")
    host.await_port(80)
    return program


def origin(host):
    """origin.js on port 8080 of the host."""
    program = host.start("node", HERE / "origin.js")
    host.await_port(8080)
    return program


def pattern(length):
    """Bytes that neither repeat nor compress too well, and are the same every time."""
    state, out = 1, bytearray()
    while len(out) < length:
        state = (state * 1103515245 + 12345) & 0x7FFFFFFF
        out += b"%08x " % state
    return bytes(out[:length])


def talk(host, address, data, until=b"", seconds=5.0, close=True):
    """Sends data, reads until `until` has come (or the end), answers what came."""
    family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
    line = host.socket(family)
    line.settimeout(seconds)
    line.connect(address)
    line.sendall(data)
    answer = read_until(line, until)
    if close:
        line.close()
        return answer
    return answer, line


def read_until(line, until):
    answer = b""
    while not until or until not in answer:
        part = line.recv(65536)
        if not part:
            break
        answer += part
    return answer


def read_count(line, count):
    answer = b""
    while len(answer) < count:
        part = line.recv(count - len(answer))
        if not part:
            break
        answer += part
    return answer


def read_response(line):
    """One answer with a Content-Length, and whatever of it has come when the line ends."""
    head = read_until(line, b"\r\n\r\n")
    head, _, body = head.partition(b"\r\n\r\n")
    length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0] or 0)
    return head, body + read_count(line, length - len(body))


def listener(host, port, address="0.0.0.0", options=(), backlog=64):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    line = host.socket(family)
    line.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    for level, name, value in options:
        line.setsockopt(level, name, value)
    line.bind((address, port))
    line.listen(backlog)
    return line


class Service:
    """A listener whose handler gets each accepted socket in a thread of its own."""

    def __init__(self, host, port, handler, **how):
        self._listener = listener(host, port, **how)
        self._handler = handler
        self._threads = []
        self._accepting = threading.Thread(target=self._accept, daemon=True)
        self._accepting.start()

    def _accept(self):
        while True:
            try:
                line, _ = self._listener.accept()
            except OSError:
                return
            thread = threading.Thread(target=self._handler, args=(line,), daemon=True)
            thread.start()
            self._threads.append(thread)

    def join(self):
        """Returns when every connection accepted so far is served; no more are accepted."""
        for thread in self._threads:
            thread.join(10)
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()


def answering(answer, once=False):
    """A Service's handler: request after request without bodies, answered by `answer(path)`."""

    def serve(line):
        with contextlib.suppress(OSError), line:
            while head := read_until(line, b"\r\n\r\n"):
                line.sendall(response(answer(head.split()[1].decode())))
                if once:
                    break

    return serve


def reset(line):
    """Closes with RST."""
    line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    line.close()


def get(path, host="shop.test", version="1.1", *more):
    lines = [f"GET {path} HTTP/{version}", f"Host: {host}", *more]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def response(body, *more, status="200 OK"):
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *more]
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + body
