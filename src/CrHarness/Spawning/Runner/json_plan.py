"""JSON by the C scanner alone: importing the json package costs as much as the rest of the runner's start."""


class Settings:
    strict = True
    object_hook = object_pairs_hook = None
    parse_float, parse_int, parse_constant = float, int, float
    memo = {}


def parse(text):
    try:
        from _json import make_scanner
        return make_scanner(Settings)(text, 0)[0]
    except ImportError:
        import json
        return json.loads(text)
