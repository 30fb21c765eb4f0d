"""Departments, goods and invented names of the demo company."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Department:
    """A sales department: managers, share of the customers it serves, and words in the names of these customers."""

    name: str
    managers: tuple[str, ...]
    customer_share: float
    trades: tuple[str, ...]


DEPARTMENTS = (
    Department("Shops", ("alder", "birch", "cedar"), 0.44, ("Stores", "Gifts", "Bazaar", "Corner Shop", "Emporium")),
    Department("Hospitality", ("hazel", "linden", "maple"), 0.33, ("Inns", "Tearooms", "Hotels", "Canteens", "Bistro")),
    Department("Institutions", ("rowan", "willow"), 0.23, ("Schools", "Clinics", "Libraries", "Theatres", "Museums")),
)
"""Managers have the names of trees, so that no real person is meant."""


@dataclass(frozen=True)
class Category:
    """A kind of goods: list prices in cents and the share of the list price that the goods cost us."""

    name: str
    code: str
    least_price_cents: int
    greatest_price_cents: int
    cost_share: float


CATEGORIES = (
    Category("Baskets", "BAS", 450, 3900, 0.66),
    Category("Candles", "CAN", 120, 1800, 0.58),
    Category("Cleaning", "CLE", 180, 1400, 0.76),
    Category("Cookware", "COO", 900, 8900, 0.70),
    Category("Garden", "GAR", 350, 6400, 0.67),
    Category("Glassware", "GLA", 160, 2200, 0.64),
    Category("Lighting", "LIG", 990, 9800, 0.69),
    Category("Packaging", "PAC", 90, 1200, 0.78),
    Category("Stationery", "STA", 80, 1600, 0.62),
    Category("Tableware", "TAB", 190, 3600, 0.65),
    Category("Textiles", "TEX", 390, 4900, 0.68),
    Category("Toys", "TOY", 290, 4200, 0.61),
)

PRODUCTS_PER_CATEGORY = 25

FIRST_WORDS = (
    "Walrus", "Penguin", "Hedgehog", "Giraffe", "Badger", "Otter", "Pelican", "Hippo", "Flamingo", "Beaver", "Walnut",
    "Zebra", "Lobster", "Ostrich", "Puffin", "Camel", "Moose", "Toucan", "Dormouse", "Llama", "Heron", "Squirrel",
    "Octopus", "Koala", "Tortoise",
)  # fmt: skip
SECOND_WORDS = (
    "Teacup", "Umbrella", "Trumpet", "Pancake", "Slipper", "Teapot", "Marmalade", "Button", "Lantern", "Biscuit",
    "Kite", "Mitten", "Thimble", "Waffle", "Trombone", "Pillow", "Custard", "Saddle", "Bonnet", "Muffin", "Whistle",
    "Ladder", "Pickle", "Anchor", "Sundial",
)  # fmt: skip
PLACES = (
    "Puddlewick", "Oatbridge", "Fernhollow", "Nettlesea", "Wobbleton", "Crumbford", "Mossington", "Snugborough",
    "Thistlequay", "Gooseminster", "Drizzleham", "Picklehaven", "Marrowdale", "Butterfold", "Quillmouth", "Yawnby",
    "Plumstairs", "Kettlewold", "Muddlecombe", "Larkspit",
)  # fmt: skip

MONTH_SEASON = (0.84, 0.86, 0.94, 0.98, 1.00, 0.95, 0.82, 0.88, 1.12, 1.28, 1.36, 0.97)
"""Orders of each month against an average one, January first: autumn is the peak."""
