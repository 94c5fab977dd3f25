"""Ways to spoil an answer around its body: status, headers, framing, packing."""

from __future__ import annotations

import gzip
import zlib
from dataclasses import replace
from typing import TYPE_CHECKING

from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Callable

from .drafts import Draft, encoded
from .values import PERSONAL


def html(good: Draft, draw: st.DrawFn) -> Draft:
    """A page for people."""
    page = f"<!DOCTYPE html><html><title>{PERSONAL}</title><body>Sign in</body></html>".encode()
    status = draw(st.sampled_from([200, good.status, 500, 502, 403]))
    return replace(good.with_header("Content-Type", "text/html; charset=utf-8"), content=page, status=status)


def truncated(good: Draft, draw: st.DrawFn) -> Draft:
    """A body that ends too early."""
    content = encoded(good.body)
    return replace(good, content=content[: draw(st.integers(0, max(0, len(content) - 1)))])


def broken_bytes(good: Draft, draw: st.DrawFn) -> Draft:
    """Bytes that are no UTF-8."""
    content = bytearray(encoded(good.body))
    junk = draw(
        st.sampled_from(
            [b"\xff\xfe", b"\xed\xa0\x80", b"\x00", b"\xc0\xaf", b"\xef\xbb\xbf", b"\xf4\x90\x80\x80", b"\x1f\x8b"]
        )
    )
    at = draw(st.integers(0, len(content)))
    content[at:at] = junk
    return replace(good, content=bytes(content))


def bomb(good: Draft, draw: st.DrawFn) -> Draft:
    """A small body that unpacks to a large one."""
    filling = draw(st.sampled_from([b" ", b"[", b'"', b"[],", b'{"a":', b"0,"]))
    plain = filling * (4_000_000 // len(filling))
    packings: list[tuple[str, Callable[[bytes], bytes]]] = [
        ("gzip", gzip.compress),
        ("deflate", zlib.compress),
        ("gzip, gzip", lambda body: gzip.compress(gzip.compress(body))),
        (", ".join(["gzip"] * 40), gzip.compress),
    ]
    name, pack = draw(st.sampled_from(packings))
    return replace(good.with_header("Content-Encoding", name), content=pack(plain))


def encoded_lies(good: Draft, draw: st.DrawFn) -> Draft:
    """A packing that is another one, or none."""
    name = draw(
        st.sampled_from(["gzip", "deflate", "br", "zstd", "compress", "x", "gzip,", "identity, gzip", "\u00ff"])
    )
    content = encoded(good.body)
    content = draw(st.sampled_from([content, gzip.compress(content)[:-9], gzip.compress(content) + b"trailing", b""]))
    return replace(good.with_header("Content-Encoding", name), content=content)


def redirect(url: str) -> Callable[[Draft, st.DrawFn], Draft]:
    """A redirect to another host, or to nowhere."""

    def spoil(good: Draft, draw: st.DrawFn) -> Draft:
        status = draw(st.sampled_from([300, 301, 302, 303, 304, 305, 307, 308, 399]))
        place = draw(
            st.sampled_from(
                [
                    url,
                    f"{url}/steal?a=1",
                    f"//{url.removeprefix('http://')}/",
                    "/elsewhere",
                    "",
                    "http://[::1",
                    f"\x1b[31m{url}",
                    "x" * 9000,
                    f"https://{PERSONAL}\x1b[2J.example/",
                    "http://user:pass@evil.example/",
                ]
            )
        )
        return replace(good.with_header("Location", place), status=status)

    return spoil


def header(name: str, *values: str) -> Callable[[Draft, st.DrawFn], Draft]:
    """A header that makes no sense, once or several times."""

    def spoil(good: Draft, draw: st.DrawFn) -> Draft:
        return good.with_header(name, *draw(st.lists(st.sampled_from(values), min_size=1, max_size=3)))

    return spoil


ABSURD = (
    "",
    "\x00",
    "\x1b[31m",
    "-1",
    "9" * 400,
    "1e9",
    "NaN",
    "x" * 60_000,
    "\u00fc\u00ff",
    PERSONAL,
    "0",
    "/",
    ";;;=",
)


MOMENTS = (
    *ABSURD,
    "Fri, 31 Dec 9999 23:59:59 GMT",
    "Mon, 01 Jan 0001 00:00:00 GMT",
    "Mon, 01 Jan 0001 00:00:00 +2359",
    "Fri, 31 Dec 9999 23:59:59 -2359",
    "Fri, 99 Nov 2026 99:99:99 GMT",
    "20 Nov 26",
    "Fri, 20 Nov 2026 08:36:00 +99999999999",
    "Thu, 01 Jan 1970 00:00:00 GMT",
)


def retry_after(good: Draft, draw: st.DrawFn) -> Draft:
    """Refused for now: those that ask for a real wait are tried on the pure function alone."""
    wait = draw(
        st.sampled_from(["", "0", "-5", "x", "NaN", "1e3", "Mon, 01 Jan 0001 00:00:00 GMT", "\u0663", "0x9", "000"])
    )
    return replace(good.with_header("Retry-After", wait), status=draw(st.sampled_from([420, 429, 503, 301, 200])))


def statuses(good: Draft, draw: st.DrawFn) -> Draft:
    """A good body with another status."""
    codes = [
        199,
        201,
        202,
        204,
        205,
        206,
        226,
        299,
        300,
        304,
        400,
        401,
        402,
        403,
        404,
        405,
        408,
        409,
        410,
        411,
        412,
        413,
        414,
        415,
        417,
        418,
    ]
    return replace(
        good,
        status=draw(
            st.sampled_from(
                [*codes, 420, 421, 422, 426, 428, 429, 431, 451, 500, 501, 502, 503, 504, 505, 520, 599, 600, 999]
            )
        ),
    )


def lengths(good: Draft, draw: st.DrawFn) -> Draft:
    """A length that is not that of the body."""
    length = len(encoded(good.body))
    given = draw(
        st.sampled_from(
            [
                "-1",
                "0",
                str(length + 5),
                str(max(0, length - 5)),
                "9" * 30,
                "x",
                "",
                "1e3",
                f"{length}, {length}",
                "+7",
                "0x10",
            ]
        )
    )
    return good.with_header(
        "Content-Length", *draw(st.sampled_from([[given], [given, str(length)], [str(length), given]]))
    )


def chunks(good: Draft, draw: st.DrawFn) -> Draft:
    """Chunks that are none."""
    body = encoded(good.body)
    framed = draw(
        st.sampled_from(
            [
                b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body),
                b"zz\r\n" + body,
                b"-1\r\n" + body,
                b"ffffffffffffffff\r\n" + body,
                body,
                b"",
                b"%x;%b\r\n%b\r\n0\r\n\r\n" % (len(body), b"x" * 70_000, body),
                b"%x\r\n%b\r\n0\r\nX: \x1b\r\n\r\n" % (len(body), body),
                b"5\r\n",
            ]
        )
    )
    return replace(
        good.with_header("Transfer-Encoding", draw(st.sampled_from(["chunked", "chunked, chunked", "gzip, chunked"]))),
        content=framed,
    )


HEADERS = {
    "absurd Date": header("Date", *MOMENTS),
    "absurd Sforce-Limit-Info": header(
        "Sforce-Limit-Info",
        *ABSURD,
        "api-usage=1/0",
        "api-usage=-1/5",
        "api-usage=9" + "9" * 500 + "/1",
        "api-usage=a/b",
        "api-usage=5/5;x",
    ),
    "absurd Content-Type": header(
        "Content-Type",
        *ABSURD,
        "application/json; charset=utf-7",
        "text/html",
        f"a/b; {PERSONAL}",
        "application/json; charset=\x00",
    ),
    "absurd cookies": header(
        "Set-Cookie", *ABSURD, "a=b; Domain=.example", "a=b; expires=99999", 'a="' + "\\" * 5000, "sid=1; Max-Age=9e9"
    ),
}


def raw_kinds(raw: bytes, draw: st.DrawFn) -> bytes:
    """Answers whose first lines are no HTTP, or end too early."""
    first, _, rest = raw.partition(b"\r\n")
    return draw(
        st.sampled_from(
            [
                b"",
                b"\r\n\r\n",
                b"HTTP/1.1\r\n\r\n",
                b"SSH-2.0-OpenSSH\r\n",
                raw[: len(raw) // 2],
                first + b"\r\n",
                b"HTTP/9.9 200 OK\r\n" + rest,
                b"HTTP/1.1 99 x\r\n" + rest,
                b"HTTP/1.1 1000 x\r\n" + rest,
                b"HTTP/1.1 abc x\r\n" + rest,
                b"HTTP/0.9 200\r\n" + rest,
                b"\x16\x03\x01" * 50,
                first + b"\r\n" + b"".join(b"X-%d: y\r\n" % n for n in range(300)) + rest,
                first + b"\r\nX: " + b"y" * 200_000 + b"\r\n" + rest,
                first + b"\r\nno colon " + PERSONAL.encode() + b"\r\n" + rest,
                first + b"\r\n folded: " + PERSONAL.encode() + b"\r\n" + rest,
                first + b"\r\nX: a\x00b\r\n: empty\r\n" + rest,
                b"HTTP/1.1 100 Continue\r\n\r\n" * 3 + raw,
                b"HTTP/1.1 100 Continue\r\n\r\n",
                b"HTTP/1.1 200 " + b"\x1b[31m" * 20 + b"\r\n" + rest,
                b"x" * 300_000,
            ]
        )
    )
