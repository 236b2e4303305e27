// Answers the questions that a plan asks of a tile.
#pragma once

#include "coratrix/plan.hpp"

namespace coratrix {

/// Adds each answer, as far as this tile has a share in it, to answers[number]. `scratch` holds half a plane.
template <class T>
void answer_probes(const Probes& probes, const Kernels<T>& kernels, int tile_bits, const T* re, const T* im,
                   Index tile_index, T* scratch, double* answers);

}  // namespace coratrix
