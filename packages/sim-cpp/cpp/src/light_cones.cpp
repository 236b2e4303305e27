// Finding what an error reaches, and applying it to the few amplitudes that a reading leaves.
#include "coratrix/light_cones.hpp"

#include <algorithm>
#include <cmath>
#include <map>

#include "coratrix/direct.hpp"
#include "coratrix/gates.hpp"
#include "coratrix/noise.hpp"
#include "coratrix/random.hpp"

namespace coratrix {

namespace {

constexpr std::size_t kDirectWork = std::size_t{1} << 16;  // gates times amplitudes; more is worth a plan
constexpr int kMaxMatrixQubits = 4;

Mask bits_of(const Instruction& in, int num_qubits) {
    Mask out = 0;
    for (int k = 0; k < in.num_qubits; ++k) out |= bit(num_qubits - 1 - static_cast<int>(in.qubits[k]));
    return out;
}

/// The matrix on the targets, row-major; empty for a global phase.
std::vector<Complex> target_matrix(const Instruction& in) {
    const int targets = in.num_qubits - in.num_controls;
    const std::size_t size = std::size_t{1} << (2 * targets);
    if (in.matrix != nullptr) return {in.matrix, in.matrix + size};
    if (targets == 0) return {};
    if (targets == 2) return matrix_2q(in.opcode, in.params);
    const Matrix2 m = matrix_1q(in.opcode, in.params);
    return {m.a00, m.a01, m.a10, m.a11};
}

bool is_diagonal(const Instruction& in) {
    const std::vector<Complex> m = target_matrix(in);
    const std::size_t rows = std::size_t{1} << (in.num_qubits - in.num_controls);
    for (std::size_t k = 0; k < m.size(); ++k)
        if (k % (rows + 1) != 0 && m[k] != Complex(0)) return false;
    return true;
}

bool is_own_inverse(Opcode op) {
    switch (op) {
        case Opcode::id: case Opcode::x: case Opcode::y: case Opcode::z: case Opcode::h: case Opcode::swap:
        case Opcode::ecr: return true;
        default: return false;
    }
}

bool turns_by_its_parameter(Opcode op) {
    switch (op) {
        case Opcode::p: case Opcode::rx: case Opcode::ry: case Opcode::rz: case Opcode::rxx: case Opcode::ryy:
        case Opcode::rzz: case Opcode::rzx: case Opcode::global_phase: return true;
        default: return false;
    }
}

}  // namespace

LightCones::LightCones(const NoisySegment& segment, int num_qubits) : segment_(segment), num_qubits_(num_qubits) {
    for (const Site& site : segment.sites()) known_ &= !site.by_norm && !site.by_state && site.at == site.after;
    for (std::size_t k = 0; k < segment.num_ops(); ++k)
        known_ &= segment.op(k)->num_qubits - segment.op(k)->num_controls <= kMaxMatrixQubits;
    if (known_) keep_what_readings_show();
}

void LightCones::keep_what_readings_show() {
    std::vector<bool> shows(segment_.num_ops(), true);
    Mask mixed_later = 0;
    for (std::size_t k = segment_.num_ops(); k-- > 0;) {
        const Mask mine = bits_of(*segment_.op(k), num_qubits_);
        shows[k] = (mine & mixed_later) != 0 || !is_diagonal(*segment_.op(k));
        if (shows[k]) mixed_later |= mine;
    }
    for (std::size_t k = 0; k < segment_.num_ops(); ++k) {
        kept_before_.push_back(ops_.size());
        if (!shows[k]) continue;
        ops_.push_back(*segment_.op(k));
        inverse_.push_back(inverse(*segment_.op(k)));
    }
    kept_before_.push_back(ops_.size());
}

Instruction LightCones::inverse(const Instruction& in) {
    Instruction out = in;
    if (is_own_inverse(in.opcode)) return out;
    if (turns_by_its_parameter(in.opcode)) {
        params_.push_back(std::make_unique<std::vector<double>>(1, -in.params[0]));
        out.params = params_.back()->data();
        return out;
    }
    std::vector<Complex> m = target_matrix(in);
    const std::size_t rows = std::size_t{1} << (in.num_qubits - in.num_controls);
    for (std::size_t r = 0; r < rows; ++r)
        for (std::size_t c = 0; c <= r; ++c) {
            const Complex below = m[r * rows + c], above = m[c * rows + r];
            m[r * rows + c] = std::conj(above);
            m[c * rows + r] = std::conj(below);
        }
    matrices_.push_back(std::make_unique<std::vector<Complex>>(std::move(m)));
    out.opcode = Opcode::unitary;
    out.params = nullptr;
    out.matrix = matrices_.back()->data();
    return out;
}

ConeShots LightCones::sort(const std::vector<std::uint32_t>& shots, std::uint64_t seed, std::uint64_t place) const {
    ConeShots out;
    std::map<History, std::vector<std::pair<std::uint32_t, std::uint64_t>>> groups;
    for (const std::uint32_t shot : shots) {
        std::uint64_t drawn = 0;
        History errors = history(seed, place, shot, drawn);
        if (errors.empty()) out.served.push_back(shot);
        else groups[std::move(errors)].emplace_back(shot, drawn);
    }
    for (auto& [errors, group] : groups) {
        LightCone cone = cone_of(errors);
        const bool here = pays(cone, group.size());
        for (const auto& [shot, drawn] : group) (here ? out.served : out.others).push_back(shot);
        if (here) out.groups.push_back({errors, std::move(cone), std::move(group)});
    }
    std::sort(out.served.begin(), out.served.end());
    std::sort(out.others.begin(), out.others.end());
    return out;
}

History LightCones::history(std::uint64_t seed, std::uint64_t place, std::uint32_t shot, std::uint64_t& drawn) const {
    History out;
    std::size_t site = segment_.next_mixed(0, uniform(seed, shot, place + drawn++));
    while (site < segment_.sites().size()) {
        const std::size_t choice = pick(segment_.sites()[site].weights, uniform(seed, shot, place + drawn++));
        out.push_back({site, choice});
        site = segment_.next_mixed(site + 1, uniform(seed, shot, place + drawn++));
    }
    return out;
}

LightCone LightCones::cone_of(const History& history) const {
    LightCone out;
    auto next = history.begin();
    const auto place = [&](const Event& event) { return kept_before_[segment_.sites()[event.site].at]; };
    const std::size_t first = place(history.front());
    out.ops_after = ops_.size() - first;
    for (std::size_t k = first; k <= ops_.size(); ++k) {
        for (; next != history.end() && place(*next) == k; ++next)
            out.bits |= bits_of(*segment_.sites()[next->site].channel, num_qubits_);
        if (k == ops_.size()) break;
        const Mask mine = bits_of(ops_[k], num_qubits_);
        if (!(mine & out.bits)) continue;
        out.bits |= mine;
        out.ops.push_back(k);
    }
    return out;
}

/// Whether so many shots of one history are served faster here than by a state of their own.
///
/// Rough costs in units of one planned operation on one amplitude; a copy and a scan of the state are worth a few.
bool LightCones::pays(const LightCone& cone, std::size_t shots) const {
    const int width = popcount(cone.bits);
    if (width > num_qubits_ - 2) return false;  // four threads may each hold such a state
    const double amplitudes = std::ldexp(1.0, width), steps = 2 * static_cast<double>(cone.ops.size()) + 2;
    const bool direct = steps * amplitudes <= static_cast<double>(kDirectWork);
    const double planning = direct ? 0 : 4000 * steps;
    const double here = planning + static_cast<double>(shots) * (direct ? 8 : 1) * steps * amplitudes;
    return here < (static_cast<double>(cone.ops_after) + 10) * std::ldexp(1.0, num_qubits_);
}

template <class T>
ConeReader<T>::ConeReader(const LightCones& cones, const History& history, const LightCone& cone,
                          const Kernels<T>& kernels, const CostTable& costs)
    : cones_(cones), bits_(cone.bits) {
    for (std::size_t k = cone.ops.size(); k-- > 0;) add(cones.inverse_[cone.ops[k]]);
    auto next = history.begin();
    const auto place = [&](const Event& event) { return cones.kept_before_[cones.segment_.sites()[event.site].at]; };
    for (const std::size_t k : cone.ops) {
        for (; next != history.end() && place(*next) <= k; ++next) add_event(*next);
        add(cones.ops_[k]);
    }
    for (; next != history.end(); ++next) add_event(*next);
    const int width = popcount(bits_);
    int padded = width;
    if (ops_.size() << width > kDirectWork) {
        const LoweredCircuit lowered =
            lower(ops_.data(), ops_.data() + ops_.size(), width, lowering_for<T>(costs, width, false, true));
        PlanOptions wanted{0, false};
        wanted.costs = costs;
        plan_ = std::make_unique<Plan<T>>(make_plan<T>(lowered, kernels, wanted));
        padded = plan_->padded_bits;
    }
    state_ = State<T>(width, padded);
}

/// Bit b of the state is bit popcount(bits below b) of the cone's.
template <class T>
void ConeReader<T>::add(const Instruction& in) {
    const int width = popcount(bits_);
    auto moved = std::make_unique<std::vector<std::int64_t>>();
    for (int k = 0; k < in.num_qubits; ++k) {
        const Mask here = bit(cones_.num_qubits_ - 1 - static_cast<int>(in.qubits[k]));
        moved->push_back(width - 1 - popcount(bits_ & (here - 1)));
    }
    Instruction out = in;
    out.qubits = moved->data();
    qubits_.push_back(std::move(moved));
    ops_.push_back(std::move(out));
}

template <class T>
void ConeReader<T>::add_event(const Event& event) {
    const Site& site = cones_.segment_.sites()[event.site];
    matrices_.push_back(std::make_unique<std::vector<Complex>>(kraus_matrix(*site.channel, site.events[event.choice])));
    for (Complex& entry : *matrices_.back()) entry /= std::sqrt(site.weights[event.choice]);
    Instruction map;
    map.opcode = Opcode::unitary;
    map.num_qubits = site.channel->num_qubits;
    map.qubits = site.channel->qubits;
    map.matrix = matrices_.back()->data();
    add(map);
}

template <class T>
void ConeReader<T>::evolve() {
    if (plan_) return run_plan(*plan_, state_, Context{});
    apply_directly(ops_.data(), ops_.data() + ops_.size(), state_.data(), state_.num_bits());
}

template <class T>
Index ConeReader<T>::read(const State<T>& psi, Index without, double u) {
    const Index outside = without & ~bits_;
    Index inside = 0;
    for (Index k = 0; k < state_.size(); ++k, inside = (inside - bits_) & bits_)
        state_.data()[k] = psi.data()[outside | inside];
    std::fill(state_.data() + state_.size(), state_.data() + state_.padded_size(), std::complex<T>(0));
    evolve();
    double total = 0;
    for (Index k = 0; k < state_.size(); ++k) total += std::norm(Complex(state_.data()[k]));
    double left = u * total;
    Index last_possible = 0;
    for (Index k = 0; k < state_.size(); ++k) {
        const double p = std::norm(Complex(state_.data()[k]));
        if (!(p > 0)) continue;
        last_possible = k;
        if (left < p) break;
        left -= p;
    }
    return outside | deposit_bits(last_possible, bits_);
}

template class ConeReader<float>;
template class ConeReader<double>;

}  // namespace coratrix
