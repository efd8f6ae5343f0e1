"""The Python package carto-auth 0.2.0, asked as the Rust peers are; besides `cached FILE`, a start with a token file.

    peer.py fetch URL [CA.pem] | hold URL TIMES THREADS | herd URL ASKERS | cached FILE
"""

import os
import sys
import threading
import time
import warnings

warnings.simplefilter("ignore")

import requests
from carto_auth import CartoAuth

CREDENTIALS = os.path.join(os.path.dirname(__file__), "credentials.json")


def ask_at(server, ca=None):
    """The package has no setting for its addresses."""
    if ca:
        os.environ["REQUESTS_CA_BUNDLE"] = ca
    request = requests.Session.request

    def request_at_server(session, method, url, **rest):
        return request(session, method, url.replace("https://auth.carto.com", server), **rest)

    requests.Session.request = request_at_server


def loaded(cache=None):
    """With a path of its own it stays out of the home folder, which it else makes a folder in."""
    return CartoAuth.from_m2m(CREDENTIALS, cache_filepath=cache or os.devnull, use_cache=cache is not None)


def on_each(threads, work):
    started = [threading.Thread(target=work) for _ in range(threads)]
    for thread in started:
        thread.start()
    for thread in started:
        thread.join()


def fetch(url, ca=None):
    ask_at(url, ca)
    print(loaded().get_access_token())


def hold(url, times, threads):
    ask_at(url)
    auth = loaded()

    def work():
        for _ in range(int(times)):
            auth.get_access_token()

    on_each(int(threads), work)
    print(len(auth.get_access_token()))


def herd(url, askers):
    ask_at(url)
    auth = CartoAuth("m2m", use_cache=False, client_id="client", client_secret="secret")
    ready = threading.Barrier(int(askers))
    begun, ended, failed = [], [], []

    def work():
        ready.wait()
        begun.append(time.perf_counter())
        try:
            auth.get_access_token()
        except Exception as error:
            failed.append(error)
        ended.append(time.perf_counter())

    on_each(int(askers), work)
    if failed:
        sys.exit(f"{len(failed)} of {askers} failed: {failed[0]!r}")
    print(f"{(max(ended) - min(begun)) * 1e3:.3f}")


def cached(path):
    print(loaded(path).get_access_token())


command, *words = sys.argv[1:]
{"fetch": fetch, "hold": hold, "herd": herd, "cached": cached}[command](*words)
