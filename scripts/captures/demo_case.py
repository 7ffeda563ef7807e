"""demo_case.py - captures/demo.pcapng: two minutes of a small web shop on an ordinary bad day."""
import contextlib
import subprocess
import threading
import time

import packets
import peers
from cases import case
from lab import CAPTURES
from relay import Path

WEB, WEB_IPV6, APP = "10.0.1.2", "fd00:1::2", "10.0.2.2"

_PROXY = f"""
    gzip on; gzip_types text/css application/javascript application/json;
    location / {{ proxy_pass http://{APP}:3000; proxy_buffering on; proxy_set_header Host $host; }}
    location /events {{ proxy_pass http://{APP}:3000; proxy_buffering off; }}
    location /pay {{ proxy_pass http://10.0.2.99:8443; proxy_connect_timeout 4s; }}
    location /static/ {{ root {{folder}}/www; }}
"""


def build(lab):
    """web stands between the internet and the application; visitors have lines of their own."""
    names = ("internet", "web", "app", "laptop", "phone", "office", "watcher")
    hosts = {name: lab.host(name, ipv6=name in ("internet", "web", "office")) for name in names}
    lab.link(hosts["internet"], hosts["web"])
    lab.link(hosts["web"], hosts["app"])
    lines = {"laptop": (Path(0.009), Path(0.009)),
             "phone": (Path(0.034, loss=0.02, reorder=0.01, lag=0.012),
                       Path(0.041, loss=0.06, reorder=0.02, lag=0.012)),
             "office": (Path(0.016), Path(0.016)),
             "watcher": (Path(0.004), Path(0.004))}
    for seed, (name, (back, there)) in enumerate(lines.items(), 20):
        lab.relay(hosts["internet"], hosts[name], seed=seed, there=there, back=back)
        hosts[name].ip("route", "add", "default", "via", f"10.0.{seed - 17}.1")
    hosts["office"].ip("-6", "route", "add", "default", "via", "fd00:5::1")
    hosts["web"].ip("route", "add", "default", "via", "10.0.1.1")
    hosts["web"].ip("-6", "route", "add", "default", "via", "fd00:1::1")
    hosts["web"].ip("neighbour", "add", "10.0.2.99", "lladdr", "02:00:00:00:02:99", "dev", "app")
    hosts["internet"].sysctl("net.ipv4.ip_forward", 1)
    hosts["internet"].sysctl("net.ipv6.conf.all.forwarding", 1)
    return hosts


def serve(lab, hosts):
    """Starts nginx and the application; answers the application, which has a bad moment later."""
    static = {f"static/{i}.png": peers.pattern(6000 + 1500 * i) for i in range(6)}
    static["static/shop.css"] = b"".join(b".c%d { margin: %dpx; color: #%06x }\n" % (i, i, i * 7919)
                                         for i in range(220))
    static["static/shop.js"] = b"".join(b"function f%d(x) { return x * %d + 1; }\n" % (i, i * i)
                                        for i in range(400))
    static["static/prices.pdf"] = peers.pattern(70_000)
    app = hosts["app"].start("node", peers.HERE / "shop.js")
    hosts["app"].await_port(3000)
    peers.nginx(lab, hosts["web"], static,
                more_server=_PROXY.replace("{folder}", str(lab.folder / "nginx")))
    return app


def curl(host, path, *words, address=WEB, port=80):
    host.run("curl", "-sS", "-g", "-o", "/dev/null", "--resolve", f"shop.test:{port}:{address}",
             "--max-time", "20", *words, f"http://shop.test:{port}{path}", check=False)


def watch(hosts):
    """A monitor that opens a connection for every look."""
    for _ in range(36):
        curl(hosts["watcher"], "/health", "-A", "watcher/2.1", "-H", "Connection: close")
        time.sleep(3.0)


def trouble(hosts, app):
    """What goes wrong, one thing after the other; answers the application started anew."""
    laptop, office, phone = hosts["laptop"], hosts["office"], hosts["phone"]
    time.sleep(12)
    for path in ("/wp-login.php", "/.env", "/admin/", "/phpmyadmin/"):
        curl(laptop, path, "--http1.0", "-A", "scanner")
    curl(laptop, "/", port=8443)  # nobody listens there
    time.sleep(8)
    curl(office, "/static/prices.pdf", address=f"[{WEB_IPV6}]")
    curl(phone, "/static/5.png", "-A", "phone")
    time.sleep(6)
    with phone.socket() as line:  # a visitor who does not wait for the checkout
        line.connect((WEB, 80))
        line.sendall(peers.get("/checkout"))
        time.sleep(1.4)
        peers.reset(line)
    curl(office, "/pay", "-d", "card=4111111111111111", address=f"[{WEB_IPV6}]")
    time.sleep(5)
    app.terminate()
    app.wait()
    for path in ("/", "/api/products"):
        curl(laptop, path)
    time.sleep(1)
    app = hosts["app"].start("node", peers.HERE / "shop.js")
    hosts["app"].await_port(3000)
    curl(office, "/api/products", "--compressed", address=f"[{WEB_IPV6}]")
    return app


@case("demo.pcapng", "two minutes of a small web shop, seen on both interfaces of its web server: "
      "visitors near and far (one over IPv6, one on a lossy line), a slow checkout, errors, an "
      "application that restarts, a payment service that does not answer, a monitor without "
      "keep-alive; `scripts/run` shows its report")
def demo(lab, name):
    hosts = build(lab)
    app = serve(lab, hosts)
    time.sleep(1.5)
    shopper = peers.HERE / "shopper.js"
    browser = "Mozilla/5.0 (X11; Linux x86_64)"
    sides = ("internet", "app")
    with contextlib.ExitStack() as stack:
        for side in sides:
            stack.enter_context(lab.capture(hosts["web"], side, f"demo-{side}.pcap"))
        watcher = threading.Thread(target=watch, args=(hosts,))
        watcher.start()
        feed = hosts["laptop"].start("curl", "-sS", "-N", "--resolve", f"shop.test:80:{WEB}",
                                     "http://shop.test/events")
        visitors = [hosts["laptop"].start("node", shopper, WEB, "5", "4000", browser),
                    hosts["phone"].start("node", shopper, WEB, "3", "6500", f"{browser} Mobile"),
                    hosts["office"].start("node", shopper, WEB_IPV6, "4", "5200", browser)]
        trouble(hosts, app)
        for visitor in visitors:
            with contextlib.suppress(subprocess.TimeoutExpired):
                visitor.wait(90)
        watcher.join()
        feed.terminate()
        feed.wait()
    parts = [CAPTURES / f"demo-{side}.pcap" for side in sides]
    packets.write_pcapng(CAPTURES / name, [packets.read_pcap(part) for part in parts],
                         ("eth0", "eth1"))
    for part in parts:
        part.unlink()
