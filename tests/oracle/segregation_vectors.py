"""Segregation indices of random territories by PySAL, which shares no code with us.

    python tests/oracle/segregation_vectors.py > tests/fixtures/segregation/vectors.json

Units without households, without the group and wholly of the group are among them. `policy::segregation` must agree to 1e-9.
"""
import json
import sys

import numpy as np
import pandas as pd
from segregation.local import MultiLocationQuotient
from segregation.singlegroup import Dissim, Entropy, Isolation


def territory(rng: np.random.Generator) -> pd.DataFrame:
    n = int(rng.integers(2, 60))
    total = rng.integers(1, 900, n)
    share = np.clip(rng.normal(rng.uniform(0.1, 0.7), rng.uniform(0.02, 0.3), n), 0, 1)
    group = rng.binomial(total, share)
    group[0], total[0] = 0, int(rng.integers(1, 50))
    group[-1] = total[-1] = int(rng.integers(1, 50))
    return pd.DataFrame({"group": group, "total": total})


def indices(units: pd.DataFrame) -> dict:
    both = units.assign(other=units.total - units.group)
    quotient = MultiLocationQuotient(both, ["group", "other"]).statistics
    return {
        "dissimilarity": float(Dissim(units, "group", "total").statistic),
        "isolation": float(Isolation(units, "group", "total").statistic),
        "entropy": float(Entropy(units, "group", "total").statistic),
        "quotients": [float(q) for q in np.asarray(quotient)[:, 0]],
    }


def main() -> list[dict]:
    rng = np.random.default_rng(20261125)
    example = pd.DataFrame({"group": [10, 30, 5], "total": [50, 50, 50]})
    units = [example] + [territory(rng) for _ in range(40)]
    return [{"units": u[["group", "total"]].to_numpy().tolist(), **indices(u)} for u in units]


if __name__ == "__main__":
    np.seterr(all="ignore")
    json.dump(main(), sys.stdout)
    print()
