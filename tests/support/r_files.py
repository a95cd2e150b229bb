"""Data frames as R and haven write them, without R: objects put together and unparsed by rdata."""

import numpy as np
from rdata.conversion import convert_python_to_r_data
from rdata.parser import CharFlags, RObject, RObjectInfo, RObjectType
from rdata.unparser import unparse_file

TAG_BITS = 0x7FF0_0000_0000_07A2


def info(kind, *, attributes=False, tag=False, gp=0, thing=False):
    return RObjectInfo(kind, object=thing, attributes=attributes, tag=tag, gp=gp, reference=0)


def char(text):
    if text is None:
        return RObject(info(RObjectType.CHAR), None, None)
    return RObject(info(RObjectType.CHAR, gp=int(CharFlags.UTF8)), text.encode(), None)


def symbol(text):
    return RObject(info(RObjectType.SYM), char(text), None)


NIL = RObject(info(RObjectType.NILVALUE), None, None)


def pairs(entries):
    """Return a pair list."""
    rest = NIL
    for name, value in reversed(list(entries.items())):
        rest = RObject(info(RObjectType.LIST, tag=True), (value, rest), None, symbol(name))
    return rest


def vector(kind, value, **attributes):
    """Return a vector with attributes."""
    about = pairs(attributes) if attributes else None
    return RObject(
        info(kind, attributes=bool(attributes), thing="class" in attributes), value, about
    )


def texts(values, **attributes):
    return vector(RObjectType.STR, [char(v) for v in values], **attributes)


def numbers(values, **attributes):
    return vector(RObjectType.REAL, np.asarray(values, float), **attributes)


def whole(values, **attributes):
    return vector(RObjectType.INT, np.asarray(values, np.int32), **attributes)


def flags(values):
    """Return yes and no, None for neither."""
    blank = [v is None for v in values]
    return vector(RObjectType.LGL, np.ma.array([bool(v) for v in values], mask=blank))


def labelled(values, codes, label, **more):
    """Return a column of haven's: labels of codes, and the question."""
    named = numbers(list(codes), names=texts(list(codes.values())))
    kind = texts(["haven_labelled_spss", "haven_labelled", "vctrs_vctr", "double"])
    return numbers(values, label=texts([label]), labels=named, **more, **{"class": kind})


def tagged(letter):
    """Return one of haven's tagged missing values."""
    return np.uint64(TAG_BITS | (ord(letter) << 32)).view(np.float64)


def data_frame(columns, rows):
    return vector(
        RObjectType.VEC,
        list(columns.values()),
        names=texts(list(columns)),
        **{"class": texts(["tbl_df", "tbl", "data.frame"]), "row.names": whole([-(2**31), -rows])},
    )


def save(path, thing, *, compression="gzip"):
    """Write an object as .rds, or several by name as .RData."""
    kind = "rds" if path.suffix.lower() == ".rds" else "rda"
    thing = pairs(thing) if isinstance(thing, dict) else thing
    unparse_file(path, _around(thing), file_type=kind, compression=compression)
    return path


def _around(thing):
    data = convert_python_to_r_data(1, file_type="rds")
    data.object = thing
    return data
