#!/usr/bin/env python3
"""Compares the marshaled arguments of comqc with impacket's, in both directions.

Not part of the test suite, because it needs Python and a package:

    python3 -m venv /tmp/venv && /tmp/venv/bin/pip install impacket
    cargo build -p comqc --example marshaled
    /tmp/venv/bin/python comqc/tests/scripts/impacket_check.py target/debug/examples/marshaled

impacket reads the arguments of the golden vectors and of the VARIANTs that `marshaled` prints;
`marshaled read` reads what impacket writes. SAFEARRAYs are left out: impacket embeds their elements
in the union, where MS-OAUT section 2.2.30 has a pointer.
"""

import subprocess
import sys
from pathlib import Path

from impacket.dcerpc.v5.dcom import oaut
from impacket.dcerpc.v5.dtypes import DOUBLE, LONG, NULL
from impacket.dcerpc.v5.ndr import NDRCALL

# impacket's calls begin with ORPCTHIS, which queued calls leave out.


class Describe(NDRCALL):
    structure = (("quantity", LONG), ("article", oaut.BSTR), ("weight", DOUBLE))


class OneVariant(NDRCALL):
    structure = (("value", oaut.VARIANT),)


class OneBstr(NDRCALL):
    structure = (("value", oaut.BSTR),)


class Invoke(NDRCALL):
    structure = (
        ("dispIdMember", oaut.DISPID),
        ("riid", oaut.REFIID),
        ("lcid", oaut.LCID),
        ("dwFlags", oaut.DWORD),
        ("pDispParams", oaut.DISPPARAMS),
        ("cVarRef", oaut.UINT),
        ("rgVarRefIdx", oaut.UINT_ARRAY),
        ("rgVarRef", oaut.VARIANT_ARRAY),
    )


def signed(number):
    """impacket's DISPIDs are unsigned."""
    return number - (1 << 32) if number >> 31 else number


def bstr_text(value):
    return value["asData"]


def calls(path):
    """The marshaled data of each call in a message."""
    data = path.read_bytes()
    at, found = 0, []
    while at < len(data):
        signature, size = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], "little")
        if signature in (b"METH", b"SMTH"):
            start = at + (48 if signature == b"METH" else 32)
            length = int.from_bytes(data[at + 20 : at + 24], "little")
            found.append(data[start : start + length])
        at += size
    return found


def variant_value(variant):
    vt = variant["vt"]
    if vt in (0, 1):
        return None
    name = {
        2: "iVal", 3: "lVal", 4: "fltVal", 5: "dblVal", 6: "cyVal", 7: "date", 8: "bstrVal",
        11: "boolVal", 16: "cVal", 17: "bVal", 18: "uiVal", 19: "ulVal", 20: "llVal", 21: "ullVal",
        22: "intVal", 23: "uintVal",
    }[vt]
    value = variant["_varUnion"][name]
    if vt == 8:
        return bstr_text(value)
    return value


def check(name, found, expected):
    ok = found == expected
    print(f"{'ok  ' if ok else 'FAIL'} {name}: {found!r}" + ("" if ok else f", expected {expected!r}"))
    return ok


def golden(folder):
    good = True
    q3 = Describe(calls(folder / "q3.bin")[0])
    good &= check("Q3", (q3["quantity"], bstr_text(q3["article"]), q3["weight"]), (7, "Anvil", 2.5))
    expected = [
        (1, 4, [4], [-3]),
        (3, 1, [12], []),
        (5, 1, [1.5, 0xFFFF, "Zürich"], []),
        (4, 1, [], []),
    ]
    for number, (data, wanted) in enumerate(zip(calls(folder / "q2.bin"), expected), 1):
        call = Invoke(data)
        params = call["pDispParams"]
        arguments = [] if params["cArgs"] == 0 else [variant_value(v) for v in params["rgvarg"]]
        names = [] if params["cNamedArgs"] == 0 else [signed(n) for n in params["rgdispidNamedArgs"]]
        found = (call["dispIdMember"], call["dwFlags"], arguments, names)
        good &= check(f"Q2 call {number}", found, wanted)
    return good


def what_we_write(program):
    wanted = [200, -2, -70_000, 4_000_000_000, 0.25, -1.5, 0xFFFF, "Zürich", ""]
    lines = subprocess.run([program], check=True, capture_output=True, text=True).stdout.splitlines()
    good = len(lines) == len(wanted)
    for line, value in zip(lines, wanted):
        name, data = line.split("\t")
        found = variant_value(OneVariant(bytes.fromhex(data))["value"])
        good &= check(f"we write {name}", found, value)
    return good


def variant(vt, name, value):
    variant = oaut.VARIANT()
    variant["clSize"] = 5
    variant["vt"] = vt
    variant["_varUnion"]["tag"] = vt
    if name == "bstrVal":
        variant["_varUnion"][name]["asData"] = value
    else:
        variant["_varUnion"][name] = value
    return variant


def invoke(dispid, flags, arguments, names):
    call = Invoke()
    call["dispIdMember"] = dispid
    call["lcid"] = 0x409
    call["dwFlags"] = flags
    params = oaut.DISPPARAMS()
    if arguments:
        params["rgvarg"] = arguments
    else:
        params["rgvarg"] = NULL
    if names:
        params["rgdispidNamedArgs"] = [name & 0xFFFFFFFF for name in names]
    else:
        params["rgdispidNamedArgs"] = NULL
    params["cArgs"], params["cNamedArgs"] = len(arguments), len(names)
    call["pDispParams"] = params
    call["cVarRef"] = 0
    call["rgVarRefIdx"] = []
    call["rgVarRef"] = []
    return call


def what_we_read(program):
    cases = []
    for vt, name, value, text in [
        (3, "lVal", -7, "I4(-7)"),
        (2, "iVal", -2, "I2(-2)"),
        (5, "dblVal", 2.5, "R8(2.5)"),
        (8, "bstrVal", "Zürich", 'Bstr("Zürich")'),
        (11, "boolVal", 0xFFFF, "Bool(true)"),
        (17, "bVal", 200, "UI1(200)"),
    ]:
        case = OneVariant()
        case["value"] = variant(vt, name, value)
        cases.append(("variant", case, text))
    case = OneBstr()
    case["value"]["asData"] = "Anvil"
    cases.append(("bstr", case, '"Anvil"'))
    case = Describe()
    case["quantity"], case["weight"] = 7, 2.5
    case["article"]["asData"] = "Anvil"
    cases.append(("describe", case, '7 "Anvil" 2.5'))
    arguments = [variant(5, "dblVal", 1.5), variant(8, "bstrVal", "x"), variant(3, "lVal", 4)]
    cases.append(("invoke", invoke(5, 1, arguments, []), '5 1 [R8(1.5), Bstr("x"), I4(4)] []'))
    put = invoke(1, 4, [variant(3, "lVal", 4)], [-3])
    cases.append(("invoke", put, "1 4 [I4(4)] [-3]"))
    cases.append(("invoke", invoke(4, 1, [], []), "4 1 [] []"))
    lines = "".join(f"{kind} {case.getData().hex()}\n" for kind, case, _ in cases)
    answer = subprocess.run(
        [program, "read"], input=lines, check=True, capture_output=True, text=True
    )
    good = True
    for (kind, _, text), found in zip(cases, answer.stdout.splitlines(), strict=True):
        good &= check(f"we read impacket's {kind}", found, text)
    return good


def main():
    program = sys.argv[1]
    good = golden(Path(__file__).parent.parent / "data")
    good &= what_we_write(program)
    good &= what_we_read(program)
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
