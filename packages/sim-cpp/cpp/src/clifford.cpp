// Recognising Clifford gates by what they do to Pauli strings, and spelling them out.
#include "coratrix/clifford.hpp"

#include <algorithm>
#include <cmath>
#include <tuple>

#include "coratrix/gates.hpp"

namespace coratrix {

namespace {

constexpr double kTolerance = 1e-10;
constexpr double kQuarterTurn = 1.5707963267948966;

/// ± the product of letters; bit q of x and z says which of X, Z (both: Y) stands on qubit q.
struct Letters {
    unsigned x = 0, z = 0;
    bool negative = false;
};

const Complex kPowersOfI[4] = {{1, 0}, {0, 1}, {-1, 0}, {0, -1}};

/// Which Pauli string a matrix is; row and column bits are the qubits', bit for bit.
std::optional<Letters> as_letters(const std::vector<Complex>& m, unsigned rows) {
    unsigned x = 0;
    while (x < rows && std::abs(m[x * rows]) < 0.5) ++x;
    if (x == rows) return std::nullopt;
    const Complex first = m[x * rows];
    unsigned z = 0;
    for (unsigned b = 1; b < rows; b <<= 1)
        if ((m[(b ^ x) * rows + b] / first).real() < 0) z |= b;
    for (unsigned r = 0; r < rows; ++r)
        for (unsigned c = 0; c < rows; ++c) {
            const Complex wanted = (r ^ c) == x ? (parity(c & z) ? -first : first) : Complex(0);
            if (std::abs(m[r * rows + c] - wanted) > kTolerance) return std::nullopt;
        }
    const Complex sign = first / kPowersOfI[popcount(x & z) & 3];  // Y = i X Z
    if (std::abs(std::abs(sign.real()) - 1) > kTolerance) return std::nullopt;
    return Letters{x, z, sign.real() < 0};
}

/// U P U† for P = X or Z on one bit.
std::vector<Complex> conjugated(const std::vector<Complex>& u, unsigned rows, unsigned bit_of, bool is_x) {
    std::vector<Complex> out(rows * rows);
    for (unsigned r = 0; r < rows; ++r)
        for (unsigned c = 0; c < rows; ++c)
            for (unsigned k = 0; k < rows; ++k) {
                const Complex left = is_x ? u[r * rows + (k ^ bit_of)] : (k & bit_of) ? -u[r * rows + k] : u[r * rows + k];
                out[r * rows + c] += left * std::conj(u[c * rows + k]);
            }
    return out;
}

/// Multiplies gates V onto the images until they are what they are images of: V_L … V_1 U = 1.
class Speller {
public:
    Speller(std::vector<Letters> x_images, std::vector<Letters> z_images)
        : x_images_(std::move(x_images)), z_images_(std::move(z_images)) {}

    CliffordSteps spell() {
        const int n = static_cast<int>(x_images_.size());
        for (int q = 0; q < n; ++q) settle(q, n);
        std::reverse(steps_.begin(), steps_.end());  // U = V_1† … V_L†, and V_L† comes first in time
        for (CliffordStep& step : steps_)
            if (step.op == CliffordOp::s) step.op = CliffordOp::sdg;
        return std::move(steps_);
    }

private:
    /// Make qubit q's images X and Z on q alone; those of the qubits before it are done and stay.
    void settle(int q, int n) {
        gather(x_images_, q, n);
        apply(CliffordOp::h, q);
        gather(z_images_, q, n);  // keeps the other image, a Z on q, where it is
        apply(CliffordOp::h, q);
        if (x_images_[at(q)].negative) apply(CliffordOp::z, q);
        if (z_images_[at(q)].negative) apply(CliffordOp::x, q);
    }

    /// Turn qubit q's image among `images` into ± X on q.
    void gather(const std::vector<Letters>& images, int q, int n) {
        const Letters& image = images[at(q)];
        for (int k = q; k < n; ++k) {
            if ((image.z >> k & 1) && !(image.x >> k & 1)) apply(CliffordOp::h, k);
            if (image.z >> k & 1) apply(CliffordOp::s, k);
        }
        if (!(image.x >> q & 1)) apply(CliffordOp::swap, q, lowest_bit(image.x));
        for (int k = q + 1; k < n; ++k)
            if (image.x >> k & 1) apply(CliffordOp::cx, q, k);
    }

    void apply(CliffordOp op, int a, int b = 0) {
        steps_.push_back({op, a, b});
        for (std::vector<Letters>* images : {&x_images_, &z_images_})
            for (Letters& image : *images) conjugate(image, op, a, b);
    }

    /// P → V P V†.
    static void conjugate(Letters& p, CliffordOp op, int a, int b) {
        const bool x = p.x >> a & 1, z = p.z >> a & 1, xb = p.x >> b & 1, zb = p.z >> b & 1;
        const unsigned at_a = 1u << a, at_b = 1u << b;
        switch (op) {
            case CliffordOp::x: p.negative ^= z; break;
            case CliffordOp::z: p.negative ^= x; break;
            case CliffordOp::h:
                p.negative ^= x && z;
                if (x != z) p.x ^= at_a, p.z ^= at_a;
                break;
            case CliffordOp::s:
                p.negative ^= x && z;
                if (x) p.z ^= at_a;
                break;
            case CliffordOp::cx:
                p.negative ^= x && zb && xb == z;
                if (x) p.x ^= at_b;
                if (zb) p.z ^= at_a;
                break;
            default:  // swap
                if (x != xb) p.x ^= at_a | at_b;
                if (z != zb) p.z ^= at_a | at_b;
        }
    }

    static std::size_t at(int q) { return static_cast<std::size_t>(q); }

    std::vector<Letters> x_images_, z_images_;
    CliffordSteps steps_;
};

std::vector<Complex> matrix_without_controls(const Instruction& gate) {
    const std::size_t rows = std::size_t{1} << (gate.num_qubits - gate.num_controls);
    if (gate.opcode == Opcode::unitary) return {gate.matrix, gate.matrix + rows * rows};
    if (gate.opcode == Opcode::global_phase) return {std::polar(1.0, gate.params[0])};
    if (base_qubits(gate.opcode) == 2) return matrix_2q(gate.opcode, gate.params);
    const Matrix2 m = matrix_1q(gate.opcode, gate.params);
    return {m.a00, m.a01, m.a10, m.a11};
}

/// The whole matrix, controls being the most significant bits.
std::vector<Complex> whole_matrix(const Instruction& gate) {
    const std::vector<Complex> inner = matrix_without_controls(gate);
    const std::size_t size = std::size_t{1} << (gate.num_qubits - gate.num_controls);
    const std::size_t rows = std::size_t{1} << gate.num_qubits;
    const std::size_t start = static_cast<std::size_t>(gate.control_state) * size;
    std::vector<Complex> out(rows * rows);
    for (std::size_t k = 0; k < rows; ++k) out[k * rows + k] = 1;
    for (std::size_t r = 0; r < size; ++r)
        for (std::size_t c = 0; c < size; ++c) out[(start + r) * rows + start + c] = inner[r * size + c];
    return out;
}

bool is_whole_quarter(double angle) {
    return std::abs(std::remainder(angle, kQuarterTurn)) < kTolerance;
}

/// False only where a glance at the opcode and its angle rules the gate out.
bool could_be_clifford(const Instruction& gate) {
    if (gate.num_qubits > kMaxCliffordQubits) return false;
    if (gate.num_controls > 0) return true;
    switch (gate.opcode) {
        case Opcode::t: case Opcode::tdg: return false;
        case Opcode::p: case Opcode::rx: case Opcode::ry: case Opcode::rz:
        case Opcode::rxx: case Opcode::ryy: case Opcode::rzz: case Opcode::rzx: return is_whole_quarter(gate.params[0]);
        default: return true;
    }
}

}  // namespace

std::optional<CliffordSteps> clifford_steps(const std::vector<Complex>& matrix, int qubits) {
    const unsigned rows = 1u << qubits;
    std::vector<Letters> x_images, z_images;
    for (int q = 0; q < qubits; ++q)
        for (const bool is_x : {true, false}) {
            std::optional<Letters> image = as_letters(conjugated(matrix, rows, 1u << (qubits - 1 - q), is_x), rows);
            if (!image) return std::nullopt;
            (is_x ? x_images : z_images).push_back(*image);
        }
    const auto by_place = [qubits](unsigned index_bits) {  // the first qubit is the most significant bit
        unsigned out = 0;
        for (int q = 0; q < qubits; ++q) out |= (index_bits >> (qubits - 1 - q) & 1) << q;
        return out;
    };
    for (std::vector<Letters>* images : {&x_images, &z_images})
        for (Letters& image : *images) image.x = by_place(image.x), image.z = by_place(image.z);
    return Speller(std::move(x_images), std::move(z_images)).spell();
}

bool CliffordTable::Key::operator<(const Key& other) const {
    return std::tie(opcode, num_controls, control_state, matrix, params) <
           std::tie(other.opcode, other.num_controls, other.control_state, other.matrix, other.params);
}

const CliffordSteps* CliffordTable::find(const Instruction& gate) {
    if (!could_be_clifford(gate)) return nullptr;
    const int num_parameters = num_params(gate.opcode);
    Key key{gate.opcode, gate.num_controls, gate.control_state, {gate.params, gate.params + num_parameters}, gate.matrix};
    const auto found = known_.find(key);
    if (found != known_.end()) return found->second ? &*found->second : nullptr;
    std::optional<CliffordSteps> steps = clifford_steps(whole_matrix(gate), gate.num_qubits);
    const auto added = known_.emplace(std::move(key), std::move(steps)).first;
    return added->second ? &*added->second : nullptr;
}

}  // namespace coratrix
