"""Bytes that follow from a number."""
from _sha3 import shake_128
from sysc import PAGE


def page_bytes(seed, page):
    return shake_128(b"%d:%d" % (seed, page)).digest(64) * (PAGE // 64)


def content(seed, length):
    return (b"".join(page_bytes(seed, p) for p in range((length + 4095) // 4096)))[:length]
