"""What a program of a test's finds when it is run with the Python package: see python_scene.rs."""

import base64
import json
import os
import sys
import textwrap
import warnings
import webbrowser

warnings.simplefilter("ignore")

import requests
from carto_auth import CartoAuth, pkce

CARTO = os.environ["CARTO"]
HOSTS = ("https://auth.carto.com", "https://accounts.app.carto.com", CARTO.replace("http:", "https:"))

# The package has no setting for its addresses.
pkce.OAUTH_AUTHORIZE_URL = CARTO + "/authorize"
pkce.REDIRECT_URI = f"http://localhost:{os.environ['PORT']}/callback/"
pkce.REDIRECT_URI_CLI = CARTO + "/auth/token"

sent = []
request = requests.Session.request


def request_at_carto(session, method, url, **rest):
    sent.append((url, rest.get("timeout")))
    for host in HOSTS:
        if url.startswith(host):
            url = CARTO + url[len(host) :]
    return request(session, method, url, **rest)


requests.Session.request = request_at_carto


def say(*words):
    print(*words, flush=True)


def browser(url):
    """The test is the person at the browser."""
    say("browser:", url)
    return True


open_new = webbrowser.open_new
webbrowser.open_new = browser


def claims(token):
    payload = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))


def number(token):
    """Which of the sandbox's tokens this is: secrets are not printed."""
    return claims(token)["jti"]


def failure(action, *arguments, **more):
    try:
        action(*arguments, **more)
        return "no failure"
    except BaseException as error:
        return f"{type(error).__name__}: {error}"


exec(textwrap.dedent(sys.argv[1]))
