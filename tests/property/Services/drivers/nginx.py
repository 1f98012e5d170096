"""nginx with two workers: clients that keep their connections, one that reads a large file slowly."""
import http.client
from load import *


def main():
    port = free_port()
    for name in ("site", "temp"):
        os.mkdir(path(name))
    body = os.urandom(8 << 20)
    open(path("site/large"), "wb").write(body)
    open(path("site/small"), "wb").write(b"small")
    open(path("nginx.conf"), "w").write("""
        daemon off; worker_processes 2; pid %(f)s/nginx.pid; error_log %(f)s/error.log; user root;
        events { worker_connections 64; }
        http { access_log %(f)s/access.log; client_body_temp_path %(f)s/temp; proxy_temp_path %(f)s/temp; fastcgi_temp_path %(f)s/temp;
               uwsgi_temp_path %(f)s/temp; scgi_temp_path %(f)s/temp; keepalive_requests 10000000;
               server { listen 127.0.0.1:%(p)d; root %(f)s/site; } }""" % {"f": folder, "p": port})
    server = start(["/usr/sbin/nginx", "-c", path("nginx.conf"), "-e", path("error.log")])
    await_listener(port)

    def keeping():
        connection = http.client.HTTPConnection("127.0.0.1", port)

        def step():
            connection.request("GET", "/small")
            if connection.getresponse().read() != b"small":
                raise RuntimeError("a wrong answer")
        return step

    slow = http.client.HTTPConnection("127.0.0.1", port)

    def slowly():
        slow.request("GET", "/large")
        answer, at = slow.getresponse(), 0
        while part := answer.read(1 << 17):
            if body[at:at + len(part)] != part:
                raise RuntimeError("a wrong byte after %d" % at)
            at += len(part)
            time.sleep(0.001)
        if at != len(body):
            raise RuntimeError("an answer ended after %d bytes" % at)
    run({"keeping 1": keeping(), "keeping 2": keeping(), "slow": slowly}, lambda counts: end(server))


dies_with_fault(main)
