"""Reads every layer of a service of features with the GDAL of the wheels, each into a Parquet file: gdal_reader.py ADDRESS TOKEN FOLDER.
Prints the version of GDAL and how long each layer took."""

import json
import sys
import time

import pyogrio

address, token, folder = sys.argv[1:]
# The token as the password of any name, as QGIS 3.22 sends it too.
pyogrio.set_gdal_config_options({"GDAL_HTTP_USERPWD": f"jeton:{token}"})
source, seconds = f"OAPIF:{address}", {}
for name, _ in pyogrio.list_layers(source):
    begun = time.monotonic()
    pyogrio.read_dataframe(source, layer=name).to_parquet(f"{folder}/{name}.parquet")
    seconds[name] = time.monotonic() - begun
print(json.dumps({"version": ".".join(map(str, pyogrio.__gdal_version__)), "couches": seconds}))
