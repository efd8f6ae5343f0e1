"""The package, asked line by line to start as programs would; see `python_peer` in python_scene.rs.

What would be typed at a terminal is the next line of the conversation.
"""

import time


def answer(text):
    print("answer: " + text, flush=True)


def ask_for_code(self, prompt):
    answer("prompt " + prompt.split("\n")[1])
    return sys.stdin.readline().rstrip("\n")


pkce.CartoPKCE._input = ask_for_code


def token(auth):
    return "%s %s" % (auth.get_access_token(), auth.get_api_base_url())


def m2m(credentials, *cache):
    return token(CartoAuth.from_m2m(credentials, *cache))


def oauth(org=None):
    return token(CartoAuth.from_oauth(open_browser=False, org=org))


def oauth_in(org):
    return oauth(org)


def offset(at):
    """Seconds east of UTC, as the C library has it."""
    return str(time.localtime(int(at)).tm_gmtoff)


def many(count, credentials):
    """Starts so many times over, as so many programs would; tells how many starts failed, and how."""
    failures = {}
    for _ in range(int(count)):
        try:
            m2m(credentials)
        except Exception as error:
            name = type(error).__name__
            failures[name] = failures.get(name, 0) + 1
    return " ".join("%s=%d" % failure for failure in sorted(failures.items()))


for line in sys.stdin:
    command, *words = line.rstrip("\n").split("\t")
    try:
        answer(globals()[command](*words))
    except Exception as error:
        answer("error %s: %s" % (type(error).__name__, error))
