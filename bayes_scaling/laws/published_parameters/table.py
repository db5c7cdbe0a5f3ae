"""The numbers: parameters that papers have printed, and where.

Nothing from memory is here. Loss is in nats per token, compute in FLOP, sizes as counts.
"""

from __future__ import annotations

from functools import partial
from math import exp

from bayes_scaling.laws.broken_power import BrokenPowerLaw
from bayes_scaling.laws.chinchilla import Chinchilla
from bayes_scaling.laws.data_constrained import DataConstrained
from bayes_scaling.laws.kaplan_joint import KaplanJoint
from bayes_scaling.laws.kaplan_steps import KaplanSteps
from bayes_scaling.laws.over_training import OverTraining
from bayes_scaling.laws.parallel import Parallel
from bayes_scaling.laws.power import PowerLaw
from bayes_scaling.laws.published_parameters.parameter_set import PublishedSet
from bayes_scaling.laws.routed_experts import RoutedExperts
from bayes_scaling.laws.task_error import TaskError
from bayes_scaling.units import PF_DAY

_kaplan = partial(
    PublishedSet,
    paper="Kaplan et al. (2020)",
    year=2020,
    arxiv="2001.08361",
    cite="kaplan2020scaling",
    data="WebText2",
    counts="non-embedding",
)

KAPLAN = (
    _kaplan(
        key="kaplan2020-params",
        law=PowerLaw("params", floor=False),
        parameters=PowerLaw.from_critical(8.8e13, 0.076),
        where="equation 1.1",
        status="P",
        note="A = N_c**alpha with N_c = 8.8e13, data ample",
    ),
    _kaplan(
        key="kaplan2020-tokens",
        law=PowerLaw("tokens", floor=False),
        parameters=PowerLaw.from_critical(5.4e13, 0.095),
        where="equation 1.2",
        status="P",
        note="A = D_c**alpha with D_c = 5.4e13, large models stopped early",
    ),
    _kaplan(
        key="kaplan2020-compute",
        law=PowerLaw("flops", floor=False),
        parameters=PowerLaw.from_critical(3.1e8 * PF_DAY, 0.050),
        where="equation 1.3",
        status="P",
        note="minimal compute, without embeddings; C_c = 3.1e8 PF-days of 8.64e19 FLOP",
    ),
    _kaplan(
        key="kaplan2020-compute-fixed-batch",
        law=PowerLaw("flops", floor=False),
        parameters=PowerLaw.from_critical(1.6e7 * PF_DAY, 0.057),
        where="section 3.3, table 5",
        status="S",
        note="compute at a fixed batch size, a trend and no law; C_c = 1.6e7 PF-days",
    ),
    _kaplan(
        key="kaplan2020-joint",
        law=KaplanJoint(),
        parameters={"N_c": 6.4e13, "D_c": 1.8e13, "alpha_N": 0.076, "alpha_D": 0.103},
        where="equation 1.5, table 2",
        status="P",
        note="D_c and alpha_D differ from those of the law in tokens alone",
    ),
    _kaplan(
        key="kaplan2020-steps",
        law=KaplanSteps(),
        parameters={"N_c": 6.5e13, "S_c": 2.1e3, "alpha_N": 0.077, "alpha_S": 0.76},
        where="equation 1.6, table 3",
        status="P",
        note="minimal steps, those of a very large batch",
    ),
)

_chinchilla = partial(PublishedSet, law=Chinchilla())
_hoffmann = partial(
    _chinchilla,
    paper="Hoffmann et al. (2022)",
    year=2022,
    arxiv="2203.15556",
    cite="hoffmann2022training",
    data="MassiveText",
    counts="total",
)
_besiroglu = partial(
    _chinchilla,
    paper="Besiroglu et al. (2024)",
    year=2024,
    arxiv="2404.10102",
    cite="besiroglu2024chinchilla",
    data="MassiveText: 240 runs read from figure 4 of Hoffmann et al.",
    counts="total",
    status="P",
)
_sardana = partial(
    _chinchilla,
    paper="Sardana et al. (2024)",
    year=2024,
    arxiv="2401.00448",
    cite="sardana2024beyond",
)
_table_1 = partial(
    _sardana,
    data="47 models of 150M to 6B parameters",
    counts="not stated",
    status="S",
)

CHINCHILLA = (
    _hoffmann(
        key="hoffmann2022",
        parameters={
            "E": exp(0.5267228),
            "A": exp(6.0073404),
            "B": exp(6.0179186),
            "alpha": 0.33917084,
            "beta": 0.2849083,
        },
        where="TeX source of equation 10",
        status="P",
        intervals={"a": (0.454, 0.455)},
        interval="10th to 90th percentile of subsamples, whose fits had not converged",
        note="the parameters themselves give a = 0.4565, outside the printed interval",
    ),
    _hoffmann(
        key="hoffmann2022-rounded",
        parameters={"E": 1.69, "A": 406.4, "B": 410.7, "alpha": 0.34, "beta": 0.28},
        where="equation 10",
        status="P",
        note=(
            "rounded as printed, which moves the optimum: 92.6 tokens per parameter at 5.76e23 "
            "FLOP, where the unrounded set has 58.9. Use hoffmann2022"
        ),
    ),
    _besiroglu(
        key="besiroglu2024",
        parameters={"E": 1.8172, "A": 482.01, "B": 2085.43, "alpha": 0.3478, "beta": 0.3658},
        where="table 1, notebook cell 26",
        intervals={
            "E": (1.769, 1.871),
            "A": (285.2, 743.6),
            "B": (1042.4, 5810.3),
            "alpha": (0.317, 0.373),
            "beta": (0.331, 0.415),
        },
        interval="95 % bootstrap",
        note="the fit of least absolute deviations; the five largest losses are left out",
    ),
    _besiroglu(
        key="besiroglu2024-huber",
        parameters={"E": 1.81724, "A": 477.84, "B": 2143.86, "alpha": 0.34731, "beta": 0.36718},
        where="notebook cell 18",
        note="the optimum of the Huber loss with a threshold of 1e-3, as Hoffmann et al. set it",
    ),
    _sardana(
        key="sardana2024-hoffmann",
        parameters={"E": 1.69, "A": 406.4, "B": 410.7, "alpha": 0.336, "beta": 0.283},
        where="inferred from the examples of section 3",
        data="MassiveText (the parameters are a variant of Hoffmann's)",
        counts="total",
        status="R",
        note="these exponents, and no other rounding, give the paper's three examples exactly",
    ),
    _table_1(
        key="sardana2024-100",
        parameters={"E": 0.17, "A": 7.199, "B": 25.97, "alpha": 0.08, "beta": 0.13},
        where="table 1, up to 100 tokens per parameter",
    ),
    _table_1(
        key="sardana2024-250",
        parameters={"E": 0.98, "A": 14.23, "B": 39.54, "alpha": 0.13, "beta": 0.16},
        where="table 1, up to 250 tokens per parameter",
    ),
    _table_1(
        key="sardana2024-500",
        parameters={"E": 0.95, "A": 17.07, "B": 35.80, "alpha": 0.13, "beta": 0.16},
        where="table 1, up to 500 tokens per parameter",
    ),
    _table_1(
        key="sardana2024-all",
        parameters={"E": 1.45, "A": 33.66, "B": 138.9, "alpha": 0.18, "beta": 0.24},
        where="table 1, up to 10 000 tokens per parameter",
    ),
)

REPEATED_DATA = (
    PublishedSet(
        key="muennighoff2023",
        law=DataConstrained(tied=True),
        parameters={
            "E": exp(0.6254804),
            "A": exp(6.255414),
            "B": exp(7.3049974),
            "alpha": 0.3526596,
            "RD_star": 15.387756,
            "RN_star": 5.309743,
        },
        paper="Muennighoff et al. (2023)",
        year=2023,
        arxiv="2305.16264",
        cite="muennighoff2023scaling",
        where="README of huggingface/datablations",
        data="C4",
        counts="total",
        status="P",
        intervals={"RD_star": (8.1, 22.7), "RN_star": (5.2, 5.4)},
        interval="15.4 ± 7.3 and 5.3 ± 0.1 by a secondary source, of a kind not stated",
        note=(
            "RD_star and RN_star are a local optimum: 47.0 and 2.33 fit the same runs a little "
            "better"
        ),
    ),
)

_gadre = partial(
    PublishedSet,
    paper="Gadre et al. (2024)",
    year=2024,
    arxiv="2403.08540",
    cite="gadre2024language",
    counts="total",
    status="R",
)
_gadre_loss = partial(_gadre, law=OverTraining(), where="equation 4, table 2")
_gadre_error = partial(
    _gadre, law=TaskError(), where="equation 5, table 2", units="top-1 error, from 0 to 1"
)

_C4, _REDPAJAMA, _REFINED_WEB = (
    f"{corpus}, loss on C4" for corpus in ("C4", "RedPajama", "RefinedWeb")
)

OVER_TRAINING = (
    _gadre_loss(
        key="gadre2024-c4",
        parameters={"E": 1.508, "a": 141.3, "b": 189.5, "eta": 0.1213},
        data=_C4,
    ),
    _gadre_loss(
        key="gadre2024-redpajama",
        parameters={"E": 1.837, "a": 212.2, "b": 366.7, "eta": 0.1365},
        data=_REDPAJAMA,
    ),
    _gadre_loss(
        key="gadre2024-refinedweb",
        parameters={"E": 1.735, "a": 157.1, "b": 246.2, "eta": 0.1272},
        data=_REFINED_WEB,
    ),
    _gadre_error(
        key="gadre2024-error17-c4",
        parameters={"epsilon": 0.8497, "k": 2.079, "gamma": 0.7561},
        data=f"{_C4}; mean of 17 tasks",
    ),
    _gadre_error(
        key="gadre2024-error17-redpajama",
        parameters={"epsilon": 0.8570, "k": 2.206, "gamma": 0.7146},
        data=f"{_REDPAJAMA}; mean of 17 tasks",
    ),
    _gadre_error(
        key="gadre2024-error17-refinedweb",
        parameters={"epsilon": 0.8653, "k": 2.215, "gamma": 0.7070},
        data=f"{_REFINED_WEB}; mean of 17 tasks",
    ),
    _gadre_error(
        key="gadre2024-error46-c4",
        parameters={"epsilon": 0.7589, "k": 1.289, "gamma": 0.9722},
        data=f"{_C4}; mean of 46 tasks",
    ),
    _gadre_error(
        key="gadre2024-error46-redpajama",
        parameters={"epsilon": 0.7608, "k": 1.323, "gamma": 0.8907},
        data=f"{_REDPAJAMA}; mean of 46 tasks",
    ),
    _gadre_error(
        key="gadre2024-error46-refinedweb",
        parameters={"epsilon": 0.7677, "k": 1.128, "gamma": 0.8215},
        data=f"{_REFINED_WEB}; mean of 46 tasks",
    ),
)

_clark = partial(
    PublishedSet,
    law=RoutedExperts(),
    paper="Clark et al. (2022)",
    year=2022,
    arxiv="2202.01169",
    cite="clark2022unified",
    where="equation 1, table 3",
    data="130 billion tokens, validation loss",
    counts="active",
    status="S",
    note="decimal logarithms; c has too few digits to say where routing stops helping",
)
_chen = partial(
    PublishedSet,
    law=Parallel(),
    paper="Chen et al. (2025)",
    year=2025,
    arxiv="2505.10475",
    cite="chen2025parallel",
    where="equation 5",
    counts="not stated",
    status="R",
)

ARCHITECTURE = (
    _clark(
        key="clark2022-s-base",
        parameters={
            "a": -0.082, "b": -0.108, "c": 0.009, "d": 1.104, "E_start": 1.847, "E_max": 314.478,
        },
    ),
    _clark(
        key="clark2022-rl-r",
        parameters={
            "a": -0.083, "b": -0.126, "c": 0.012, "d": 1.111, "E_start": 1.880, "E_max": 469.982,
        },
    ),
    _clark(
        key="clark2022-hash",
        parameters={
            "a": -0.087, "b": -0.136, "c": 0.012, "d": 1.157, "E_start": 4.175, "E_max": 477.741,
        },
    ),
    _chen(
        key="chen2025-python",
        parameters={"E": 0.6912, "A": 1.1306e7, "alpha": 0.1894, "k": 0.3935},
        data="Stack-V2, Python",
    ),
    _chen(
        key="chen2025-pile",
        parameters={"E": 1.2888, "A": 1.9735e8, "alpha": 0.1963, "k": 0.3345},
        data="Pile",
    ),
)  # fmt: skip

BROKEN = (
    PublishedSet(
        key="caballero2023-addition",
        law=BrokenPowerLaw("examples"),
        parameters={
            "E": 0.414, "b": 2.277, "c0": 0.0551, "c1": 5.663, "d1": 612.6, "f1": 0.0592,
        },
        paper="Caballero et al. (2023)",
        year=2023,
        arxiv="2210.14891",
        cite="caballero2023broken",
        where="figure 4, left",
        data="four-digit addition, up to 736 examples",
        counts="no parameters",
        status="R",
        units="nats",
    ),
)  # fmt: skip

SETS = (*KAPLAN, *CHINCHILLA, *REPEATED_DATA, *OVER_TRAINING, *ARCHITECTURE, *BROKEN)
