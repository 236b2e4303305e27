// S = Σ K ⊗ K* on pairs (row, column) of bits, then each pair of bits is turned from |r⟩⟨c| to I, X, Y, Z.
#include "coratrix/transfer.hpp"

#include <cmath>

#include "coratrix/gates.hpp"
#include "coratrix/pauli_kernels.hpp"

namespace coratrix {

namespace {

using Matrix = std::vector<Complex>;

/// The gate's matrix, its controls being the most significant bits.
Matrix matrix_of(const Instruction& in) {
    const int targets = in.num_qubits - in.num_controls;
    const std::size_t inner = std::size_t{1} << targets, size = std::size_t{1} << in.num_qubits;
    Matrix base;
    if (in.matrix != nullptr) {
        base.assign(in.matrix, in.matrix + inner * inner);
    } else if (targets == 0) {
        base = {std::polar(1.0, in.params[0])};
    } else if (targets == 1) {
        const Matrix2 m = matrix_1q(in.opcode, in.params);
        base = {m.a00, m.a01, m.a10, m.a11};
    } else {
        base = matrix_2q(in.opcode, in.params);
    }
    if (in.num_controls == 0) return base;
    Matrix out(size * size, Complex(0));
    for (std::size_t k = 0; k < size; ++k) out[k * size + k] = 1;
    const std::size_t at = static_cast<std::size_t>(in.control_state) * inner;
    for (std::size_t r = 0; r < inner; ++r)
        for (std::size_t c = 0; c < inner; ++c) out[(at + r) * size + at + c] = base[r * inner + c];
    return out;
}

std::vector<Matrix> kraus_of(const Instruction& in) {
    if (in.opcode == Opcode::reset) return {{1, 0, 0, 0}, {0, 1, 0, 0}};
    if (in.opcode != Opcode::channel) return {matrix_of(in)};
    const std::size_t size = std::size_t{1} << (2 * in.num_qubits);
    std::vector<Matrix> out;
    for (std::size_t k = 0; k < static_cast<std::size_t>(in.num_kraus); ++k)
        out.emplace_back(in.matrix + k * size, in.matrix + (k + 1) * size);
    return out;
}

/// Bits of r and c taken in turn: digit q of the result is (r_q, c_q).
std::size_t interleaved(std::size_t r, std::size_t c) {
    std::size_t out = 0;
    for (int b = 0; b < kMaxWideQubits; ++b) out |= (r >> b & 1) << (2 * b + 1) | (c >> b & 1) << (2 * b);
    return out;
}

Matrix superoperator(const std::vector<Matrix>& kraus, int qubits) {
    const std::size_t d = std::size_t{1} << qubits, rows = d * d;
    Matrix out(rows * rows, Complex(0));
    for (const Matrix& k : kraus)
        for (std::size_t r = 0; r < d; ++r)
            for (std::size_t r2 = 0; r2 < d; ++r2) {
                const Complex left = k[r * d + r2];
                if (left == Complex(0)) continue;
                for (std::size_t c = 0; c < d; ++c)
                    for (std::size_t c2 = 0; c2 < d; ++c2)
                        out[interleaved(r, c) * rows + interleaved(r2, c2)] += left * std::conj(k[c * d + c2]);
            }
    return out;
}

/// (|0⟩⟨0|, |0⟩⟨1|, |1⟩⟨0|, |1⟩⟨1|) entries of ρ → Tr(ρ), Tr(Xρ), Tr(Yρ), Tr(Zρ), `step` apart.
void to_letters(Complex* v, std::size_t step) {
    const Complex a = v[0], b = v[step], c = v[2 * step], d = v[3 * step];
    v[0] = a + d;
    v[step] = b + c;
    v[2 * step] = Complex(0, 1) * (b - c);
    v[3 * step] = a - d;
}

/// A row vector on entries of ρ → one on the letters: each letter's coefficient in ρ is half of Tr(Pρ).
void from_letters(Complex* v, std::size_t step) {
    const Complex a = v[0], b = v[step], c = v[2 * step], d = v[3 * step];
    v[0] = 0.5 * (a + d);
    v[step] = 0.5 * (b + c);
    v[2 * step] = Complex(0, -0.5) * (b - c);
    v[3 * step] = 0.5 * (a - d);
}

Transfer transfer_of(const Instruction& in) {
    const int qubits = in.num_qubits;
    const std::size_t rows = std::size_t{1} << (2 * qubits);
    Matrix s = superoperator(kraus_of(in), qubits);
    for (int q = 0; q < qubits; ++q) {
        const std::size_t step = std::size_t{1} << (2 * q);
        for (std::size_t k = 0; k < rows; ++k) {
            if ((k / step) % 4 != 0) continue;
            for (std::size_t column = 0; column < rows; ++column) to_letters(&s[k * rows + column], step * rows);
        }
        for (std::size_t row = 0; row < rows; ++row)
            for (std::size_t k = 0; k < rows; ++k)
                if ((k / step) % 4 == 0) from_letters(&s[row * rows + k], step);
    }
    Transfer out(rows * rows);
    for (std::size_t k = 0; k < out.size(); ++k) out[k] = std::abs(s[k].real()) < 1e-15 ? 0 : s[k].real();
    return out;
}

}  // namespace

bool has_transfer(const Instruction& in) {
    const bool evolves = in.is_gate() || in.opcode == Opcode::channel || in.opcode == Opcode::reset;
    return evolves && in.num_qubits <= kMaxWideQubits;
}

const Transfer& TransferTable::get(const Instruction& in) {
    const bool parametric = in.opcode <= Opcode::global_phase && in.matrix == nullptr && num_params(in.opcode) > 0;
    if (parametric) return last_ = transfer_of(in);
    const Key key{in.opcode, in.num_qubits * 64 + in.num_controls, in.control_state, in.matrix};
    const auto found = made_.find(key);
    if (found != made_.end()) return found->second;
    return made_.emplace(key, transfer_of(in)).first->second;
}

}  // namespace coratrix
