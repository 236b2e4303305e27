// U = phase · (K1a ⊗ K1b) · exp(i(x XX + y YY + z ZZ)) · (K2a ⊗ K2b) for any two-qubit unitary.
#pragma once

#include "coratrix/gates.hpp"

namespace coratrix {

struct KakForm {
    Complex phase{1, 0};
    Matrix2 k1a, k1b, k2a, k2b;
    double x = 0, y = 0, z = 0;
};

/// False where rounding got in the way: the product of the parts is compared with U before it is trusted.
bool kak_decompose(const Complex* matrix, KakForm& form);

}  // namespace coratrix
