// Cartan's decomposition of SU(4) in the magic basis, where local gates are real rotations of four dimensions
// and XX, YY, ZZ are diagonal (Makhlin, quant-ph/0002045; Kraus and Cirac, quant-ph/0011050).
#include "coratrix/kak.hpp"

#include <Eigen/Dense>
#include <cmath>

namespace coratrix {

namespace {

using Matrix4 = Eigen::Matrix<Complex, 4, 4, Eigen::RowMajor>;
using Real4 = Eigen::Matrix4d;
using Vector4 = Eigen::Vector4d;

const Matrix4& magic() {
    static const Matrix4 basis = [] {
        const double r = 0.70710678118654752440;
        const Complex i(0, r);
        Matrix4 m;
        m << r, 0, 0, i, 0, i, r, 0, 0, i, -r, 0, r, 0, 0, -i;
        return m;
    }();
    return basis;
}

/// The diagonals of XX, YY, ZZ in the magic basis, one per column.
const Vector4 kXX(1, 1, -1, -1), kYY(-1, 1, -1, 1), kZZ(1, -1, -1, 1);

/// Real orthonormal columns that diagonalise the symmetric unitary S: those of a mix of its commuting parts.
bool diagonalise_symmetric(const Matrix4& s, Real4& vectors) {
    for (const double mix : {0.7390851332151607, 1.2020569031595942, 0.3183098861837907, 2.665144142690225}) {
        const Real4 mixed = s.real() + mix * s.imag();
        vectors = Eigen::SelfAdjointEigenSolver<Real4>(0.5 * (mixed + mixed.transpose())).eigenvectors();
        Matrix4 rest = vectors.transpose() * s * vectors;
        rest.diagonal().setZero();
        if (rest.cwiseAbs2().maxCoeff() < 1e-26) return true;
    }
    return false;
}

/// K = A ⊗ B with det B = 1.
void split(const Matrix4& k, Matrix2& a, Matrix2& b) {
    int row = 0, column = 0;
    double best = -1;
    for (int r = 0; r < 2; ++r)
        for (int c = 0; c < 2; ++c) {
            const double size = k.block<2, 2>(2 * r, 2 * c).norm();
            if (size > best) best = size, row = r, column = c;
        }
    Eigen::Matrix2cd part = k.block<2, 2>(2 * row, 2 * column);
    part /= std::sqrt(part.determinant());
    const auto overlap = [&](int r, int c) {
        return (part.adjoint() * k.block<2, 2>(2 * r, 2 * c)).trace() * 0.5;
    };
    a = {overlap(0, 0), overlap(0, 1), overlap(1, 0), overlap(1, 1)};
    b = {part(0, 0), part(0, 1), part(1, 0), part(1, 1)};
}

Matrix4 kron(const Matrix2& a, const Matrix2& b) {
    Eigen::Matrix2cd right;
    right << b.a00, b.a01, b.a10, b.a11;
    Matrix4 out;
    out << a.a00 * right, a.a01 * right, a.a10 * right, a.a11 * right;
    return out;
}

}  // namespace

bool kak_decompose(const Complex* matrix, KakForm& form) {
    const Matrix4 u = Eigen::Map<const Matrix4>(matrix);
    const Complex phase = std::polar(1.0, std::arg(u.determinant()) / 4);
    const Matrix4 in_magic = magic().adjoint() * (u / phase) * magic();
    const Matrix4 square = in_magic.transpose() * in_magic;
    Real4 p;
    if (!diagonalise_symmetric(square, p)) return false;
    if (p.determinant() < 0) p.col(0) = -p.col(0);
    const Matrix4 d = p.transpose() * square * p;
    Vector4 angles;
    for (int j = 0; j < 4; ++j) angles[j] = std::arg(d(j, j)) / 2;
    const auto left_factor = [&] {
        Matrix4 out = in_magic * p;
        for (int j = 0; j < 4; ++j) out.col(j) *= std::polar(1.0, -angles[j]);
        return out;
    };
    Matrix4 left = left_factor();
    if (left.real().determinant() < 0) {
        angles[0] += 3.14159265358979323846;
        left = left_factor();
    }
    split(magic() * left * magic().adjoint(), form.k1a, form.k1b);
    split(magic() * p.transpose() * magic().adjoint(), form.k2a, form.k2b);
    form.x = angles.dot(kXX) / 4, form.y = angles.dot(kYY) / 4, form.z = angles.dot(kZZ) / 4;
    form.phase = phase * std::polar(1.0, angles.sum() / 4);

    const Vector4 core = form.x * kXX + form.y * kYY + form.z * kZZ;
    Matrix4 middle = Matrix4::Zero();
    for (int j = 0; j < 4; ++j) middle(j, j) = std::polar(1.0, core[j]);
    const Matrix4 rebuilt = form.phase * kron(form.k1a, form.k1b) * magic() * middle * magic().adjoint() *
                            kron(form.k2a, form.k2b);
    return (rebuilt - u).cwiseAbs2().maxCoeff() < 1e-26;
}

}  // namespace coratrix
