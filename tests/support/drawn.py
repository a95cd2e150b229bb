"""What stands written in a figure."""

import matplotlib as mpl


def texts_of(figure) -> list[str]:
    return [t.get_text() for t in figure.findobj(mpl.text.Text) if t.get_text()]
