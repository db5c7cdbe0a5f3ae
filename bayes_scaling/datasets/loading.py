"""load() and available(): published tables of training runs, fetched once and checked.

No table is shipped with the package; each is taken from its own source.
"""

from __future__ import annotations

import pandas as pd

from bayes_scaling.datasets.fetching import fetch
from bayes_scaling.datasets.public import TABLES
from bayes_scaling.display.wording import listed
from bayes_scaling.errors import DatasetError
from bayes_scaling.runs import Runs


def load(name: str) -> Runs:
    """Load a published table of runs, downloading its files the first time.

    Files go to the user's cache folder. Where the environment variable ``BAYES_SCALING_DATA``
    names a folder, they are taken from there instead: a table of one file under the name of the
    file, one of several from a subfolder with the table's name, which is a checkout of the source
    or a part of one. Either way their SHA-256 must be the one recorded.

    Parameters
    ----------
    name : str
        One of :func:`available`:

        ``"chinchilla"``
            Hoffmann et al. (2022), read off their Figure 4 by Besiroglu et al. (2024). Loss on
            MassiveText; tokens follow from C = 6ND. ``outlier`` flags the five highest losses,
            which the replication leaves out. No licence is stated: do not pass the file on.
        ``"gadre_overtraining"``
            Gadre et al. (2024): three corpora (factor ``corpus``), six sizes, 5 to 640 tokens per
            parameter. ``loss`` is that on C4, seven more stand beside it; ``role`` is ``fit`` for
            what the paper fits and ``target`` for what it predicts.
        ``"datablations"``
            Muennighoff et al. (2023): repeated data (input ``unique_tokens``), loss on C4, factor
            ``variant``, replicates by ``seed``. ``in_paper_fit`` flags the 182 runs of their fit.
        ``"routed_lm"``
            Clark et al. (2022): input ``experts``, factor ``router``; ``params`` are the active
            ones. Every run saw the same number of tokens.
        ``"schedule_curves"``
            Luo et al. (2025): one row a logged loss along runs of 25M and 100M parameters (inputs
            ``params`` and ``step``; factors ``size`` and ``schedule``; learning rate in ``lr``).
        ``"llm_benchmarks"``
            Ruan et al. (2024): accuracies of open models (factor ``family``); the response is
            HellaSwag's, other benchmarks stand beside it.

    Returns
    -------
    Runs
        With ``params``, ``tokens`` and ``flops`` as far as the source has them, and ``loss`` in
        nats per token unless said otherwise above.

    Raises
    ------
    DatasetError
        There is no such table; it cannot be downloaded or found; or it is not the file expected.

    References
    ----------
    arXiv:2203.15556 and 2404.10102 (chinchilla), 2403.08540 (gadre_overtraining), 2305.16264
    (datablations), 2202.01169 (routed_lm), 2503.12811 (schedule_curves), 2405.10938
    (llm_benchmarks). ``bs.cite(..., data=name)`` gives their BibTeX.
    """
    if name not in TABLES:
        raise DatasetError(
            f"load: there is no data set {name!r}. Only tables with a known source and checksum "
            f"are fetched. Load one of {listed(TABLES, 20)}, or read your own with read_runs."
        )
    table = TABLES[name]
    return table.tidy(fetch(table))


def available() -> pd.DataFrame:
    """List the published tables that :func:`load` knows; nothing is fetched.

    Returns
    -------
    pandas.DataFrame
        Indexed by name, with columns ``runs``, ``megabytes`` (of the download), ``licence``,
        ``papers`` (arXiv numbers), ``cite`` (their BibTeX keys), ``source`` (repository and
        commit) and ``about``.

    Examples
    --------
    >>> available().loc["gadre_overtraining", ["runs", "licence", "papers"]].to_dict()
    {'runs': 104, 'licence': 'MIT', 'papers': '2403.08540'}
    """
    rows = [
        {
            "name": table.name,
            "runs": table.runs,
            "megabytes": round(table.size / 1e6, 2),
            "licence": table.licence,
            "papers": ", ".join(table.papers.values()),
            "cite": ", ".join(table.papers),
            "source": f"{table.repository}@{table.commit[:7]}",
            "about": table.about,
        }
        for table in TABLES.values()
    ]
    return pd.DataFrame(rows).set_index("name")
