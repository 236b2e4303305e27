// The matrices behind the opcodes. Conventions are OpenQASM's; the first qubit is the most significant bit.
#pragma once

#include <vector>

#include "coratrix/program.hpp"
#include "coratrix/types.hpp"

namespace coratrix {

struct Matrix2 {
    Complex a00{1, 0}, a01{0, 0}, a10{0, 0}, a11{1, 0};
};

Matrix2 operator*(const Matrix2& left, const Matrix2& right);
Matrix2 dagger(const Matrix2& m);

int num_params(Opcode opcode);
/// Qubits without controls: 1 or 2; 0 where the matrix comes from the caller.
int base_qubits(Opcode opcode);

/// The matrix of a one-qubit opcode.
Matrix2 matrix_1q(Opcode opcode, const double* params);
/// The 4×4 matrix, row-major, of a two-qubit opcode.
std::vector<Complex> matrix_2q(Opcode opcode, const double* params);

}  // namespace coratrix
