"""Scaling laws, one per file: formula, priors, units, paper."""

from bayes_scaling.laws.additive_power import AdditivePowerLaw
from bayes_scaling.laws.bounded_overfitting import BoundedOverfitting
from bayes_scaling.laws.bounded_power import BoundedPowerLaw
from bayes_scaling.laws.broken_power import BrokenPowerLaw
from bayes_scaling.laws.chinchilla import Chinchilla
from bayes_scaling.laws.data_constrained import DataConstrained
from bayes_scaling.laws.distillation import Distillation
from bayes_scaling.laws.efficiency_leverage import EfficiencyLeverage
from bayes_scaling.laws.fine_grained_experts import FineGrainedExperts
from bayes_scaling.laws.fine_tuning import FineTuning
from bayes_scaling.laws.kaplan_joint import KaplanJoint
from bayes_scaling.laws.kaplan_steps import KaplanSteps
from bayes_scaling.laws.law import Law, as_law, find_law
from bayes_scaling.laws.log_linear import LogLinear
from bayes_scaling.laws.nested import Nested
from bayes_scaling.laws.optimal_hyperparameter import OptimalHyperparameter
from bayes_scaling.laws.over_training import OverTraining
from bayes_scaling.laws.parallel import Parallel
from bayes_scaling.laws.pass_at_k import PassAtK
from bayes_scaling.laws.power import PowerLaw
from bayes_scaling.laws.precision import Precision
from bayes_scaling.laws.product_power import ProductPowerLaw
from bayes_scaling.laws.published_parameters.lookup import published, published_set
from bayes_scaling.laws.published_parameters.parameter_set import PublishedSet
from bayes_scaling.laws.routed_experts import RoutedExperts
from bayes_scaling.laws.saturating import Saturating
from bayes_scaling.laws.shifted_power import ShiftedPowerLaw
from bayes_scaling.laws.task_accuracy import TaskAccuracy
from bayes_scaling.laws.task_error import TaskError
from bayes_scaling.laws.tuned_chinchilla import TunedChinchilla
from bayes_scaling.laws.vocabulary import Vocabulary

__all__ = [
    "AdditivePowerLaw", "BoundedOverfitting", "BoundedPowerLaw", "BrokenPowerLaw", "Chinchilla",
    "DataConstrained", "Distillation", "EfficiencyLeverage", "FineGrainedExperts", "FineTuning",
    "KaplanJoint", "KaplanSteps", "Law", "LogLinear", "Nested", "OptimalHyperparameter",
    "OverTraining", "Parallel", "PassAtK", "PowerLaw", "Precision", "ProductPowerLaw",
    "PublishedSet", "RoutedExperts", "Saturating", "ShiftedPowerLaw", "TaskAccuracy", "TaskError",
    "TunedChinchilla", "Vocabulary", "as_law", "find_law", "published", "published_set",
]  # fmt: skip
