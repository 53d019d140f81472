"""The interfaces of two other packages, so that a script moves by changing its imports.

`xcebra.compat.cebra` has the classes and functions of ``cebra``, `xcebra.compat.cross_domain_saliency_maps` those of
``cross_domain_saliency_maps``. An argument that has no meaning here is refused, with what to use instead.
"""

from . import cebra, cross_domain_saliency_maps

__all__ = ["cebra", "cross_domain_saliency_maps"]
