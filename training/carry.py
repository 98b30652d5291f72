"""Stage `carry`: ViZDoom's wheel without the game data that no scenario here uses.

A machine without a network gets the packages with the source tree; this takes 10 MB off them."""

import zipfile

from training.data.container import whole

UNUSED = ("vizdoom/freedoom1.wad",)


def add_arguments(parser):
    """Arguments of `python -m training carry`."""
    parser.add_argument("wheel", help="the wheel, as `pip download` fetched it")
    parser.add_argument("-o", "--output", required=True,
                        help="a zip; unzip it into a folder of PYTHONPATH")


def run(arguments):
    """Copies all entries but the unused ones, packed as tightly as zip can."""
    with whole(arguments.output) as partial, zipfile.ZipFile(arguments.wheel) as wheel, \
            zipfile.ZipFile(partial, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as slim:
        missing = set(UNUSED) - set(wheel.namelist())
        if missing:
            raise SystemExit(f"{arguments.wheel}: no {sorted(missing)} in it; is it ViZDoom's?")
        for entry in wheel.infolist():
            if entry.filename not in UNUSED:
                slim.writestr(entry, wheel.read(entry), zipfile.ZIP_DEFLATED, 9)
    print(arguments.output)
