"""Reads collections as QGIS does, or draws a GeoPackage with the style that is in it. Run by the Python that QGIS came with:

    qgis_reader.py read ADDRESS TOKEN OUT.json COLLECTION…     qgis_reader.py draw FILE.gpkg LAYER OUT.png
"""

from __future__ import annotations

import json
import sys
import tempfile
import time

from qgis.core import (
    NULL,
    QgsApplication,
    QgsAuthMethodConfig,
    QgsMapRendererParallelJob,
    QgsMapSettings,
    QgsVectorLayer,
)
from qgis.PyQt.QtCore import QDate, QDateTime, QSize, Qt
from qgis.PyQt.QtGui import QColor


def plain(value):
    if value is None or value == NULL:
        return None
    if isinstance(value, (QDate, QDateTime)):
        return value.toString(Qt.ISODate)
    return value


def read(address: str, token: str, out: str, names: list[str]) -> None:
    """The token is the password of any name: the only method of QGIS 3.22 that a server of ours can answer."""
    auth = QgsApplication.authManager()
    auth.setMasterPassword("essai", True)
    config = QgsAuthMethodConfig("Basic")
    config.setName("mosaïque")
    config.setConfig("username", "jeton")
    config.setConfig("password", token)
    assert auth.storeAuthenticationConfig(config), "the password is not kept"
    found = {}
    for name in names:
        start = time.perf_counter()
        layer = QgsVectorLayer(f" authcfg={config.id()} typename='{name}' url='{address}'", name, "OAPIF")
        if not layer.isValid():
            found[name] = {"faute": layer.error().message() or layer.dataProvider().error().message()}
            continue
        fields = layer.fields()
        columns = [f.name() for f in fields]
        features = [dict(zip(columns, map(plain, f.attributes()))) | {"": not f.geometry().isNull()} for f in layer.getFeatures()]
        found[name] = {
            "champs": {f.name(): f.typeName() for f in fields},
            "entites": features,
            "crs": layer.crs().authid(),
            "secondes": time.perf_counter() - start,
        }
    with open(out, "w") as file:
        json.dump(found, file)


def draw(path: str, name: str, out: str) -> None:
    layer = QgsVectorLayer(f"{path}|layername={name}", name, "ogr")
    assert layer.isValid()
    # What QGIS does by itself when a layer is added: the style that the file says is its own.
    _, loaded = layer.loadDefaultStyle()
    assert loaded, "the file has a style of its own"
    settings = QgsMapSettings()
    settings.setLayers([layer])
    settings.setBackgroundColor(QColor("white"))
    settings.setOutputSize(QSize(1000, 800))
    settings.setDestinationCrs(layer.crs())
    extent = layer.extent()
    extent.scale(1.05)
    settings.setExtent(extent)
    job = QgsMapRendererParallelJob(settings)
    job.start()
    job.waitForFinished()
    job.renderedImage().save(out)
    legend = [(item.label(), item.ruleKey()) for item in layer.renderer().legendSymbolItems()]
    json.dump({"moteur": layer.renderer().type(), "legende": [label for label, _ in legend]}, sys.stdout)


def main() -> None:
    QgsApplication.setPrefixPath("/usr", True)
    app = QgsApplication([], False, tempfile.mkdtemp())
    app.initQgis()
    what, *words = sys.argv[1:]
    if what == "read":
        read(words[0], words[1], words[2], words[3:])
    else:
        draw(*words)
    app.exitQgis()


main()
