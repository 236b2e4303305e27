// Answers the questions that a plan asks of a block.
#pragma once

#include "coratrix/plan.hpp"

namespace coratrix {

/// Adds each answer, as far as this part of a tile has a share in it, to answers[number]. `index` has the part's bits of
/// the state's index; `scratch` holds half a part's plane.
template <class T>
void answer_probes(const Probes& probes, const Kernels<T>& kernels, const T* re, const T* im, Index index, T* scratch,
                   double* answers);

}  // namespace coratrix
