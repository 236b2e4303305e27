// The first column of U is a state of two qubits, Σ C_ij |ij⟩. With the singular value decomposition C = V D W† of that
// 2×2 matrix, V† ⊗ Wᵀ takes it to D_00 |00⟩ + D_11 |11⟩, its Schmidt form.
#include "coratrix/schmidt.hpp"

#include <cmath>

namespace coratrix {

namespace {

struct Vector2 {
    Complex v0, v1;

    double norm() const { return std::sqrt(std::norm(v0) + std::norm(v1)); }
    Vector2 times(Complex factor) const { return {v0 * factor, v1 * factor}; }
    /// Of length one and orthogonal to this one, which is of length one too.
    Vector2 orthogonal() const { return {-std::conj(v1), std::conj(v0)}; }
};

Complex dot(const Vector2& bra, const Vector2& ket) { return std::conj(bra.v0) * ket.v0 + std::conj(bra.v1) * ket.v1; }
Vector2 operator*(const Matrix2& m, const Vector2& v) {
    return {m.a00 * v.v0 + m.a01 * v.v1, m.a10 * v.v0 + m.a11 * v.v1};
}

/// The eigenvector of the larger eigenvalue of [[p, q], [q*, r]].
Vector2 leading_vector(double p, Complex q, double r) {
    const double half = (p - r) / 2, root = std::sqrt(half * half + std::norm(q));
    Vector2 out = half >= 0 ? Vector2{half + root, std::conj(q)} : Vector2{q, root - half};
    const double length = out.norm();
    return length > 0 ? out.times(1 / length) : Vector2{1, 0};
}

Complex phase_of(Complex z) { return std::abs(z) > 0 ? z / std::abs(z) : Complex(1); }

/// (A ⊗ B) · U, in place.
void multiply_from_left(Complex* u, const Matrix2& a, const Matrix2& b) {
    for (int c = 0; c < 4; ++c) {
        const Vector2 upper = b * Vector2{u[c], u[4 + c]}, lower = b * Vector2{u[8 + c], u[12 + c]};
        const Vector2 first = a * Vector2{upper.v0, lower.v0}, second = a * Vector2{upper.v1, lower.v1};
        u[c] = first.v0, u[4 + c] = second.v0, u[8 + c] = first.v1, u[12 + c] = second.v1;
    }
}

}  // namespace

void multiply_from_right(Complex* u, const Matrix2& a, const Matrix2& b) {
    for (int r = 0; r < 4; ++r) {
        Complex* const row = u + 4 * r;
        const Complex x0 = row[0] * b.a00 + row[1] * b.a10, x1 = row[0] * b.a01 + row[1] * b.a11;
        const Complex y0 = row[2] * b.a00 + row[3] * b.a10, y1 = row[2] * b.a01 + row[3] * b.a11;
        row[0] = x0 * a.a00 + y0 * a.a10, row[1] = x1 * a.a00 + y1 * a.a10;
        row[2] = x0 * a.a01 + y0 * a.a11, row[3] = x1 * a.a01 + y1 * a.a11;
    }
}

SchmidtForm schmidt_form(const Complex* unitary) {
    const Matrix2 c = {unitary[0], unitary[4], unitary[8], unitary[12]};
    // C†C; its leading singular value is at least √½, so that dividing by it loses nothing.
    const Vector2 w0 = leading_vector(std::norm(c.a00) + std::norm(c.a10),
                                      std::conj(c.a00) * c.a01 + std::conj(c.a10) * c.a11,
                                      std::norm(c.a01) + std::norm(c.a11));
    const Vector2 image = c * w0;
    const Vector2 v0 = image.times(1 / image.norm()), v1 = v0.orthogonal();
    Vector2 w1 = w0.orthogonal();
    w1 = w1.times(std::conj(phase_of(dot(v1, c * w1))));
    Matrix2 left = {std::conj(v0.v0), std::conj(v0.v1), std::conj(v1.v0), std::conj(v1.v1)};  // V†
    Matrix2 right = {w0.v0, w0.v1, w1.v0, w1.v1};                                             // Wᵀ

    SchmidtForm out;
    for (int k = 0; k < 16; ++k) out.matrix[k] = unitary[k];
    multiply_from_left(out.matrix, left, right);
    // diag(1, ω) ⊗ diag(1, ω*) leaves that column alone and turns row 01 by ω*.
    const Complex omega = phase_of(out.matrix[5]);
    for (int k = 4; k < 8; ++k) out.matrix[k] *= std::conj(omega), out.matrix[k + 4] *= omega;
    left.a10 *= omega, left.a11 *= omega;
    right.a10 *= std::conj(omega), right.a11 *= std::conj(omega);
    out.matrix[0] = out.matrix[0].real(), out.matrix[12] = out.matrix[12].real(), out.matrix[5] = out.matrix[5].real();
    out.matrix[4] = out.matrix[8] = 0;
    out.k1a = dagger(left), out.k1b = dagger(right);
    return out;
}

}  // namespace coratrix
