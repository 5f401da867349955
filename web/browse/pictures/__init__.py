"""Pictures of figures: SVG without scripts, and the same figures as an HTML table. Pure.

A picture has the width of its container and a fixed height, so its labels have the same size on every screen. It takes its
colours from CSS (`static/pictures.css`), and its labels have the colour of the text.
"""

from foreign_eyes.web.browse.pictures.bars import bars
from foreign_eyes.web.browse.pictures.heat import heat
from foreign_eyes.web.browse.pictures.lines import lines
from foreign_eyes.web.browse.pictures.picture import Picture

__all__ = ["Picture", "bars", "heat", "lines"]
