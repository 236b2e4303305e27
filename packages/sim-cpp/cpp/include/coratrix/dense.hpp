// A small matrix → the numbers that one pass over a block takes.
#pragma once

#include "coratrix/diagonal.hpp"
#include "coratrix/lowering.hpp"
#include "coratrix/plan.hpp"

namespace coratrix {

/// The matrix under one more control, as a matrix twice as large.
DenseMatrix under_control(const DenseMatrix& dense, int control);

/// Whether a pass can take the matrix although some of its bits lie inside the vectors.
bool fits_lanes(const DenseMatrix& dense);

/// For a block with this layout whose vectors outside the matrix's bits lie at `blocks`. Bits inside the vectors only
/// where `fits_lanes` allows them.
template <class T>
const Dense<T>* build_dense(const DenseMatrix& dense, Mask controls, const Layout& layout, const Kernels<T>& kernels,
                            const Blocks& blocks, Arena& arena);

}  // namespace coratrix
