"""The twenty sums and the three filters that every engine computes, over the store's own dwellings table."""

# Financing of origin: FINAN; CUS where it is not filed (`financement` of data/attributs.toml).
FINANCEMENT = """CASE
  WHEN finan IN (10, 11) THEN 'PLAI' WHEN finan IN (12, 13) THEN 'PLUS' WHEN finan = 14 THEN 'PLS'
  WHEN finan = 16 THEN 'PLI' WHEN finan BETWEEN 50 AND 55 THEN 'ANCIEN' WHEN finan IN (15, 17, 49, 99) THEN 'AUTRE'
  WHEN cus IN (10, 11) THEN 'PLAI' WHEN cus IN (12, 13) THEN 'PLUS' WHEN cus = 14 THEN 'PLS'
  WHEN cus = 16 THEN 'PLI' WHEN cus IN (15, 17) THEN 'AUTRE' ELSE 'NC' END"""
TYPOLOGIE = "CASE WHEN nbpiece >= 5 THEN 'T5P' WHEN nbpiece IS NOT NULL THEN 'T' || nbpiece ELSE 'NC' END"
PERIODE = """CASE
  WHEN construct < 1949 THEN 'AV1949' WHEN construct < 1975 THEN '1949_1974'
  WHEN construct < 1990 THEN '1975_1989' WHEN construct < 2005 THEN '1990_2004'
  WHEN construct IS NOT NULL THEN '2005P' ELSE 'NC' END"""

# name → SQL over the columns of logements.parquet and the three groups above; all are sums of integers.
MEASURES = {
    "logements": "1",
    "t1": "typologie = 'T1'",
    "t2": "typologie = 'T2'",
    "t3": "typologie = 'T3'",
    "t4": "typologie = 'T4'",
    "t5p": "typologie = 'T5P'",
    "collectifs": "typeconst = 1",
    "individuels": "typeconst = 2",
    "plai": "financement = 'PLAI'",
    "plus": "financement = 'PLUS'",
    "pls": "financement = 'PLS'",
    "av1949": "periode = 'AV1949'",
    "1949_1974": "periode = '1949_1974'",
    "1975_1989": "periode = '1975_1989'",
    "1990_2004": "periode = '1990_2004'",
    "2005p": "periode = '2005P'",
    "dpe_fg": "dpe IN (6, 7)",
    "surface": "surfhab",
    "loues": "mode = 1",
    "vacants": "mode = 2",
}
NAMES = list(MEASURES)
COLUMNS = [f"m{i:02d}" for i in range(len(NAMES))]
FILTERS = {"financement": "ANCIEN", "typologie": "T3", "periode": "1949_1974"}

# Dwellings precise enough to enter a zone smaller than the commune (quality 22 and 33 are not).
LOCATED = "lon IS NOT NULL AND lat IS NOT NULL AND (qualite IS NULL OR qualite IN (11, 12, 21))"


def points_sql(source: str) -> str:
    """The peers' table: a point, the twenty measures as integers, the three filters as text.

    The measures are worked out beforehand, which no user of a peer would have done: it favours the peers.
    """
    sums = ",\n".join(
        f"coalesce(CAST(({sql}) AS INTEGER), 0) AS {column}" for column, sql in zip(COLUMNS, MEASURES.values())
    )
    return f"""
    WITH base AS (
      SELECT *, {FINANCEMENT} AS financement, {TYPOLOGIE} AS typologie, {PERIODE} AS periode
      FROM {source} WHERE {LOCATED})
    SELECT lon, lat, adresse, financement, typologie, periode, {sums} FROM base"""


def sums_sql(prefix: str = "") -> str:
    """The select list of twenty sums, never null."""
    return ", ".join(f"CAST(coalesce(sum({prefix}{c}), 0) AS BIGINT) AS {c}" for c in COLUMNS)


def filters_sql() -> str:
    """The three filters as an SQL condition."""
    return " AND ".join(f"{column} = '{value}'" for column, value in FILTERS.items())
