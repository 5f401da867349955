"""Foreign Eyes: archive a listing whose entries have no date, link or id, and publish it as feeds.

In a checkout the packages lie at the top of the repository, and this folder holds a symbolic link to each of them. Imports
always name them below `foreign_eyes`. The wheel holds real folders in place of the links.
"""

__version__ = "0.2.0"
