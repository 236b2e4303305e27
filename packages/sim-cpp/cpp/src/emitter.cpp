// Every one-qubit unitary leaves as diagonal, real rotation, diagonal.
#include "coratrix/emitter.hpp"

#include <cmath>
#include <utility>

namespace coratrix {

namespace {

constexpr double kRounding = 4e-15;  // what is left of a factor of 1 after a few divisions

std::size_t index(int i) { return static_cast<std::size_t>(i); }

Matrix2 conjugate_of(const Matrix2& m) {
    return {std::conj(m.a00), std::conj(m.a01), std::conj(m.a10), std::conj(m.a11)};
}

/// [[cos, -sin], [sin, cos]] = scale · [[1, -t], [t, 1]] or scale · [[t, -1], [1, t]], with |t| ≤ 1.
double scaled_tangent(double angle, double& t, bool& swapped) {
    const double c = std::cos(angle), s = std::sin(angle);
    swapped = std::abs(s) > std::abs(c);
    t = swapped ? c / s : s / c;
    return swapped ? s : c;
}

}  // namespace

bool is_diagonal(const Matrix2& m) { return std::norm(m.a01) < kTiny * kTiny && std::norm(m.a10) < kTiny * kTiny; }

Emitter::Emitter(int num_bits)
    : pending_(index(num_bits)), last_moving_(index(num_bits), -1), last_phase_(index(num_bits), -1),
      asked_(index(num_bits)), z_probe_(index(num_bits), -1) {
    out_.num_bits = num_bits;
}

bool Emitter::turns(int wire) const {
    return pending_[index(wire)].any && !is_diagonal(pending_[index(wire)].matrix);
}

void Emitter::push(int wire, const Matrix2& m) {
    Pending& p = pending_[index(wire)];
    const Matrix2 matrix = conjugated_ ? conjugate_of(m) : m;
    p.matrix = p.any ? matrix * p.matrix : matrix;
    p.any = true;
}

std::optional<Matrix2> Emitter::take(int wire) {
    if (!asked_[index(wire)].empty()) return std::nullopt;
    Pending& p = pending_[index(wire)];
    return std::exchange(p.any, false) ? p.matrix : Matrix2{};
}

void Emitter::phase_on(Mask ones, Mask zeros, Complex factor) {
    if (zeros) {
        const Mask lowest = zeros & (~zeros + 1);
        phase_on(ones, zeros ^ lowest, factor);
        phase_on(ones | lowest, zeros ^ lowest, 1.0 / factor);
    } else if (ones == 0) {
        constant_ *= taken(factor);
    } else if ((ones & (ones - 1)) == 0) {
        push(lowest_bit(ones), Matrix2{1, 0, 0, factor});
    } else if (factor != 1.0) {
        for (Mask left = ones; left; left &= left - 1) keep_diagonal(lowest_bit(left));
        phase(ones, taken(factor));
    }
}

void Emitter::scale(int wire, Complex f0, Complex f1) {
    keep_diagonal(wire);
    constant_ *= taken(f0);
    single(wire, taken(f1 / f0));
}

void Emitter::moving(const Op& op) {
    const int number = static_cast<int>(out_.ops.size());
    for (Mask left = op.moving; left; left &= left - 1) last_moving_[index(lowest_bit(left))] = number;
    out_.ops.push_back(op);
}

/// Rotations of the pairs (00, 11) and (10, 01); what their scales differ by is not pushed, being no unitary.
void Emitter::turn(int a, int b, double even, double odd) {
    flush(a), flush(b);
    Op op;
    op.kind = Op::Kind::turn;
    op.moving = bit(a) | bit(b);
    op.lead = static_cast<std::int8_t>(a);
    const double even_scale = scaled_tangent(even, op.t, op.swapped);
    const double odd_scale = scaled_tangent(odd, op.t_odd, op.swapped_odd);
    op.factor = even_scale;
    moving(op);
    const double ratio = odd_scale / even_scale;  // on the indices whose two bits differ
    single(a, ratio), single(b, ratio);
    phase(bit(a) | bit(b), 1 / (ratio * ratio));
}

void Emitter::dense(DenseMatrix matrix, Mask controls) {
    Op op;
    op.kind = Op::Kind::dense;
    op.diagonal = controls;
    for (const int wire : matrix.bits) op.moving |= bit(wire);
    for (Complex& entry : matrix.matrix) entry = taken(entry);
    for (Mask left = controls; left; left &= left - 1) keep_diagonal(lowest_bit(left));
    for (Mask left = op.moving; left; left &= left - 1) flush(lowest_bit(left));
    op.dense_index = static_cast<int>(out_.dense.size());
    out_.dense.push_back(std::move(matrix));
    moving(op);
}

// Probes. Σ over the set bit is ⟨(1 - Z)/2⟩, and ⟨1⟩ has no imaginary part. With M pending on the wire, the question
// is about A = M†ZM in the frame of what is already emitted: its Z part is a sum under a mask, its X and Y parts are
// asked for with the rotation that M becomes. So a probe of one bit stands in the way of no merging.

void Emitter::probe(Mask wires, int question) {
    if (popcount(wires) == 1) return probe_bit(lowest_bit(wires), question);
    for (Mask left = wires; left; left &= left - 1) keep_diagonal(lowest_bit(left));
    out_.shares.push_back({question, append_probe(wires), 1.0});
}

void Emitter::probe_bit(int wire, int question) {
    const Pending& p = pending_[index(wire)];
    Matrix2 a = {1, 0, 0, -1};
    if (p.any) a = dagger(p.matrix) * a * p.matrix;
    const double z = 0.5 * (a.a00 - a.a11).real();
    if (std::abs(z) > kTiny) out_.shares.push_back({question, z_probe(wire), z});
    if (std::abs(a.a01) > kTiny) asked_[index(wire)].push_back({question, a.a01});
}

/// The sum where the bit of `wire` is set; one answer as long as nothing moves the bit.
int Emitter::z_probe(int wire) {
    int& place = z_probe_[index(wire)];
    if (place <= last_moving_[index(wire)]) {
        append_probe(bit(wire));
        place = static_cast<int>(out_.ops.size()) - 1;
    }
    return out_.ops[index(place)].probe;
}

int Emitter::append_probe(Mask wires) {
    Op op;
    op.diagonal = wires;
    op.probe = out_.num_answers++;
    out_.ops.push_back(op);
    return op.probe;
}

/// A's corner a01 is x - iy; diag(1, right), emitted since it was noted down, turns it.
void Emitter::ask_transverse(int wire, Complex right, Op& rotation) {
    for (const Transverse& each : asked_[index(wire)]) {
        const Complex corner = each.corner * std::conj(right);
        share_transverse(each.question, corner.real(), rotation.probe_x);
        share_transverse(each.question, -corner.imag(), rotation.probe_y);
    }
    asked_[index(wire)].clear();
}

void Emitter::share_transverse(int question, double component, int& answer) {
    if (std::abs(component) < kTiny) return;
    if (answer < 0) answer = out_.num_answers++;
    out_.shares.push_back({question, answer, -0.5 * component});
}

/// U = e^{iα} diag(1, left) [[c, -s], [s, c]] diag(1, right); phases are read off the larger entries. Turning the other
/// way changes the sign of both, so that the one that is emitted lies near 1 where it can, and is none for real gates.
void Emitter::keep_diagonal(int wire) {
    Pending& p = pending_[index(wire)];
    if (!p.any || (is_diagonal(p.matrix) && asked_[index(wire)].empty())) return;
    const Matrix2 m = p.matrix;
    const double c = std::abs(m.a00), s = std::abs(m.a10);
    const bool swapped = s > c;
    const Complex alpha = c > 0 ? m.a00 / c : Complex(1);
    Complex left = s > 0 ? m.a10 / s / alpha : Complex(1);
    Complex right = swapped ? -m.a01 / std::abs(m.a01) / alpha : m.a11 / std::abs(m.a11) / (alpha * left);
    Op op;
    op.kind = Op::Kind::rotation;
    op.moving = bit(wire);
    op.swapped = swapped;
    op.t = swapped ? c / s : s / c;
    op.factor = swapped ? s : c;
    if (right.real() < 0) {
        left = -left, right = -right, op.t = -op.t;
        if (swapped) op.factor = -op.factor;
    }
    constant_ *= alpha;
    single(wire, right);
    ask_transverse(wire, right, op);
    moving(op);
    p.matrix = {1, 0, 0, left};
}

void Emitter::flush(int wire) {
    keep_diagonal(wire);
    Pending& p = pending_[index(wire)];
    if (!p.any) return;
    constant_ *= p.matrix.a00;
    single(wire, p.matrix.a11 / p.matrix.a00);
    p.any = false;
}

void Emitter::flush_all() {
    for (int wire = 0; wire < out_.num_bits; ++wire) flush(wire);
}

void Emitter::single(int wire, Complex factor) {
    if (std::norm(factor - 1.0) < kRounding * kRounding) return;
    const int open = last_phase_[index(wire)];
    if (open > last_moving_[index(wire)]) {
        out_.ops[index(open)].factor *= factor;
        return;
    }
    last_phase_[index(wire)] = static_cast<int>(out_.ops.size());
    append(bit(wire), factor);
}

/// A phase on two or more bits, merged into an earlier one on the same bits if nothing moved them since.
void Emitter::phase(Mask mask, Complex factor) {
    const auto [found, fresh] = open_.try_emplace(mask, static_cast<int>(out_.ops.size()));
    if (!fresh && !moved_since(found->second, mask)) {
        out_.ops[index(found->second)].factor *= factor;
        return;
    }
    found->second = static_cast<int>(out_.ops.size());
    append(mask, factor);
}

bool Emitter::moved_since(int number, Mask mask) const {
    for (Mask left = mask; left; left &= left - 1)
        if (last_moving_[index(lowest_bit(left))] > number) return true;
    return false;
}

void Emitter::append(Mask mask, Complex factor) {
    Op op;
    op.diagonal = mask;
    op.factor = factor;
    out_.ops.push_back(op);
}

LoweredCircuit Emitter::finish(const std::vector<int>& to) {
    flush_all();
    if (constant_ != 1.0) append(0, constant_);
    rename(to);
    return std::move(out_);
}

void Emitter::rename(const std::vector<int>& to) {
    bool moved = false;
    for (int wire = 0; wire < out_.num_bits; ++wire) moved |= to[index(wire)] != wire;
    if (!moved) return;
    const auto renamed = [&](Mask mask) {
        Mask out = 0;
        for (; mask; mask &= mask - 1) out |= bit(to[index(lowest_bit(mask))]);
        return out;
    };
    for (Op& op : out_.ops) {
        op.diagonal = renamed(op.diagonal);
        op.moving = renamed(op.moving);
        if (op.lead >= 0) op.lead = static_cast<std::int8_t>(to[index(op.lead)]);
    }
    for (DenseMatrix& matrix : out_.dense)
        for (int& b : matrix.bits) b = to[index(b)];
}

}  // namespace coratrix
