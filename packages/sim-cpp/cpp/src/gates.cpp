// The gate matrices, as formulas.
#include "coratrix/gates.hpp"

#include <cmath>
#include <stdexcept>

namespace coratrix {

namespace {

constexpr double kSqrtHalf = 0.70710678118654752440;
constexpr Complex kI{0, 1};

Complex cis(double angle) { return {std::cos(angle), std::sin(angle)}; }

/// [[cos, -e^{iλ} sin], [e^{iφ} sin, e^{i(φ+λ)} cos]] of θ/2.
Matrix2 u_matrix(double theta, double phi, double lambda) {
    const double c = std::cos(theta / 2), s = std::sin(theta / 2);
    const Complex of_phi = cis(phi), of_lambda = cis(lambda);
    return {c, -of_lambda * s, of_phi * s, of_phi * of_lambda * c};
}

/// cos(θ/2) 1 - i sin(θ/2) P for a two-qubit Pauli product P.
std::vector<Complex> rotation_2q(const std::vector<Complex>& pauli, double theta) {
    std::vector<Complex> out(16);
    for (std::size_t k = 0; k < 16; ++k) {
        out[k] = -kI * std::sin(theta / 2) * pauli[k];
        if (k % 5 == 0) out[k] += std::cos(theta / 2);
    }
    return out;
}

}  // namespace

Matrix2 operator*(const Matrix2& l, const Matrix2& r) {
    return {l.a00 * r.a00 + l.a01 * r.a10, l.a00 * r.a01 + l.a01 * r.a11,
            l.a10 * r.a00 + l.a11 * r.a10, l.a10 * r.a01 + l.a11 * r.a11};
}

Matrix2 dagger(const Matrix2& m) {
    return {std::conj(m.a00), std::conj(m.a10), std::conj(m.a01), std::conj(m.a11)};
}

int num_params(Opcode opcode) {
    switch (opcode) {
        case Opcode::p: case Opcode::rx: case Opcode::ry: case Opcode::rz:
        case Opcode::rxx: case Opcode::ryy: case Opcode::rzz: case Opcode::rzx:
        case Opcode::global_phase: return 1;
        case Opcode::u: return 3;
        case Opcode::phased_u: return 4;
        default: return 0;
    }
}

int base_qubits(Opcode opcode) {
    if (opcode <= Opcode::phased_u) return 1;
    if (opcode <= Opcode::rzx) return 2;
    return 0;
}

Matrix2 matrix_1q(Opcode opcode, const double* p) {
    switch (opcode) {
        case Opcode::id: return {};
        case Opcode::x: return {0, 1, 1, 0};
        case Opcode::y: return {0, -kI, kI, 0};
        case Opcode::z: return {1, 0, 0, -1};
        case Opcode::h: return {kSqrtHalf, kSqrtHalf, kSqrtHalf, -kSqrtHalf};
        case Opcode::s: return {1, 0, 0, kI};
        case Opcode::sdg: return {1, 0, 0, -kI};
        case Opcode::t: return {1, 0, 0, Complex(kSqrtHalf, kSqrtHalf)};
        case Opcode::tdg: return {1, 0, 0, Complex(kSqrtHalf, -kSqrtHalf)};
        case Opcode::sx: return {Complex(.5, .5), Complex(.5, -.5), Complex(.5, -.5), Complex(.5, .5)};
        case Opcode::sxdg: return {Complex(.5, -.5), Complex(.5, .5), Complex(.5, .5), Complex(.5, -.5)};
        case Opcode::p: return {1, 0, 0, cis(p[0])};
        case Opcode::u: return u_matrix(p[0], p[1], p[2]);
        case Opcode::phased_u: {  // e^{iγ} U(θ, φ, λ): what a cu gate controls
            const Matrix2 m = u_matrix(p[0], p[1], p[2]);
            const Complex phase = cis(p[3]);
            return {phase * m.a00, phase * m.a01, phase * m.a10, phase * m.a11};
        }
        case Opcode::rx: {
            const double c = std::cos(p[0] / 2), s = std::sin(p[0] / 2);
            return {c, Complex(0, -s), Complex(0, -s), c};
        }
        case Opcode::ry: {
            const double c = std::cos(p[0] / 2), s = std::sin(p[0] / 2);
            return {c, -s, s, c};
        }
        case Opcode::rz: return {cis(-p[0] / 2), 0, 0, cis(p[0] / 2)};
        default: throw std::invalid_argument("matrix_1q: not a one-qubit gate");
    }
}

std::vector<Complex> matrix_2q(Opcode opcode, const double* p) {
    const Complex i = kI;
    const double r = kSqrtHalf;
    switch (opcode) {
        case Opcode::swap: return {1, 0, 0, 0, 0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 1};
        case Opcode::iswap: return {1, 0, 0, 0, 0, 0, i, 0, 0, i, 0, 0, 0, 0, 0, 1};
        // cx(a, b) then cx(b, a), a the first qubit
        case Opcode::dcx: return {1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 1, 0, 0};
        // (XI)(exp(-i π/4 ZX)) with Z and the left X on the first qubit
        case Opcode::ecr: return {0, 0, r, i * r, 0, 0, i * r, r, r, -i * r, 0, 0, -i * r, r, 0, 0};
        case Opcode::rxx: return rotation_2q({0, 0, 0, 1, 0, 0, 1, 0, 0, 1, 0, 0, 1, 0, 0, 0}, p[0]);
        case Opcode::ryy: return rotation_2q({0, 0, 0, -1, 0, 0, 1, 0, 0, 1, 0, 0, -1, 0, 0, 0}, p[0]);
        case Opcode::rzz: return rotation_2q({1, 0, 0, 0, 0, -1, 0, 0, 0, 0, -1, 0, 0, 0, 0, 1}, p[0]);
        case Opcode::rzx: return rotation_2q({0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, -1, 0, 0, -1, 0}, p[0]);
        default: throw std::invalid_argument("matrix_2q: not a two-qubit gate");
    }
}

}  // namespace coratrix
