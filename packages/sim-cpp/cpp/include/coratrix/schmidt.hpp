// U = (K1a ⊗ K1b) · S for any two-qubit unitary, with as few numbers in S as one-qubit unitaries behind it allow.
#pragma once

#include "coratrix/gates.hpp"

namespace coratrix {

/// S has 0 in rows 01 and 10 of its first column, and its other entries there and the one at (01, 01) are real: with 50
/// real multiply-adds instead of 64 it is applied to four amplitudes.
struct SchmidtForm {
    Matrix2 k1a, k1b;
    Complex matrix[16];  // S, row by row
};

SchmidtForm schmidt_form(const Complex* unitary);

/// U · (A ⊗ B), in place.
void multiply_from_right(Complex* unitary, const Matrix2& a, const Matrix2& b);

}  // namespace coratrix
