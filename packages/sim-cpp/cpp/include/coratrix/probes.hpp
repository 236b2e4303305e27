// Answers the questions that a plan asks of a block.
#pragma once

#include "coratrix/plan.hpp"

namespace coratrix {

/// Adds each answer, as far as this part of a tile has a share in it, to answers[number]. `index` has the part's bits of
/// the state's index; `scratch` holds half a part's plane.
template <class T>
void answer_probes(const Probes& probes, const Kernels<T>& kernels, const T* re, const T* im, Index index, T* scratch,
                   double* answers);

/// The group, and what it asks before.
template <class T>
void run_pair(const PairGroup<T>& pair, const Kernels<T>& kernels, T* re, T* im, Index index, double* answers);

}  // namespace coratrix
