"""Draws figures as SVG without scripts, and as HTML tables. Pure.

A picture has the width of its container and a fixed height, so its labels have the same size on every screen. Its colours
come from CSS (`static/pictures.css`), and its labels have the colour of the text.
"""

from foreign_eyes.web.browse.pictures.bars import bars
from foreign_eyes.web.browse.pictures.heat import heat
from foreign_eyes.web.browse.pictures.lines import lines
from foreign_eyes.web.browse.pictures.picture import Picture

__all__ = ["Picture", "bars", "heat", "lines"]
