// ψ runs forward; then ψ and λ = Oψ, side by side in a state of one more bit, run backward together.
//
// Every parametric gate is V · Π exp(i c_j θ [x ⊇ M_j]) · V†, so at its place dE/dθ = -2 Σ c_j Im⟨λ|Π_{M_j}|ψ⟩ in
// the frame of V†: a sum over indices, which the planner schedules as a "probe" among the phases of a time slot. A probe
// on one bit becomes questions about X, Y and Z on it where it stands, so that gates merge across it.
#include "coratrix/gradient.hpp"

#include <algorithm>
#include <cmath>
#include <memory>
#include <stdexcept>

#include "coratrix/gates.hpp"
#include "coratrix/plans.hpp"

namespace coratrix {

namespace {

constexpr double kHalfPi = 1.57079632679489661923;

struct Question {
    std::int64_t parameter;
    double coefficient;
};

/// The circuit undone, with a probe at every parameter. Qubits move up by `shift`: qubit 0 tells ψ from λ.
class Backward {
public:
    Backward(const Program& program, int shift) : params_(program.params().data()), shift_(shift) {
        const Body& body = program.body();
        for (std::size_t k = body.size(); k-- > 0;) undo(body[k]);
    }

    const Instruction* begin() const { return out_.data(); }
    const Instruction* end() const { return out_.data() + out_.size(); }
    const std::vector<Question>& questions() const { return questions_; }

private:
    using Qubits = std::vector<std::int64_t>;

    void undo(const Instruction& in) {
        Qubits all;
        for (int k = 0; k < in.num_qubits; ++k) all.push_back(in.qubits[k] + shift_);
        const Qubits controls(all.begin(), all.begin() + in.num_controls);
        const Qubits t(all.begin() + in.num_controls, all.end());
        const auto state = in.control_state;
        const std::int64_t first = in.params == nullptr ? -1 : in.params - params_;
        switch (in.opcode) {
            case Opcode::rz: diagonal(controls, state, {{t[0]}}, first); break;
            case Opcode::rx: around(t, Opcode::h, Opcode::h, [&] { diagonal(controls, state, {{t[0]}}, first); }); break;
            case Opcode::ry: y_rotation(controls, state, t[0], first); break;
            case Opcode::p: phase(controls, state, t, first); break;
            case Opcode::global_phase: phase(controls, state, {}, first); break;
            case Opcode::rzz: zz(controls, state, t, first); break;
            case Opcode::rxx: around(t, Opcode::h, Opcode::h, [&] { zz(controls, state, t, first); }); break;
            case Opcode::ryy: around(t, Opcode::sx, Opcode::sxdg, [&] { zz(controls, state, t, first); }); break;
            case Opcode::rzx:
                around({t[1]}, Opcode::h, Opcode::h, [&] { zz(controls, state, t, first); });
                break;
            case Opcode::u:  // P(φ) RY(θ) P(λ), undone from the left
            case Opcode::phased_u:
                if (in.opcode == Opcode::phased_u) phase(controls, state, {}, first + 3);
                phase(controls, state, t, first + 1);
                y_rotation(controls, state, t[0], first);
                phase(controls, state, t, first + 2);
                break;
            default: inverse(in, all);
        }
    }

    /// A gate without parameters: the adjoint of its matrix.
    void inverse(const Instruction& in, const Qubits& all) {
        const int targets = in.num_qubits - in.num_controls;
        std::vector<Complex> m;
        if (in.opcode == Opcode::unitary) m.assign(in.matrix, in.matrix + (std::size_t{1} << (2 * targets)));
        else if (targets == 2) m = matrix_2q(in.opcode, nullptr);
        else {
            const Matrix2 one = matrix_1q(in.opcode, nullptr);
            m = {one.a00, one.a01, one.a10, one.a11};
        }
        const std::size_t rows = std::size_t{1} << targets;
        auto adjoint = std::make_unique<std::vector<Complex>>(rows * rows);
        for (std::size_t r = 0; r < rows; ++r)
            for (std::size_t c = 0; c < rows; ++c) (*adjoint)[r * rows + c] = std::conj(m[c * rows + r]);
        Instruction& made = add(Opcode::unitary, all, in.num_controls, in.control_state);
        made.matrix = adjoint->data();
        matrices_.push_back(std::move(adjoint));
    }

    /// RY = sx† RZ sx: sx turns Y into Z.
    void y_rotation(const Qubits& controls, std::uint64_t state, std::int64_t target, std::int64_t parameter) {
        around({target}, Opcode::sx, Opcode::sxdg, [&] { diagonal(controls, state, {{target}}, parameter); });
    }

    /// `before` on the qubits, the body, `after` on the qubits.
    template <class F>
    void around(const Qubits& qubits, Opcode before, Opcode after, F body) {
        for (const std::int64_t q : qubits) add(before, {q}, 0, 0);
        body();
        for (const std::int64_t q : qubits) add(after, {q}, 0, 0);
    }

    /// exp(iθ) on the indices with all bits of controls and targets.
    void phase(const Qubits& controls, std::uint64_t state, const Qubits& targets, std::int64_t parameter) {
        factor(controls, state, targets, parameter, 1.0);
    }

    /// RZ: -θ/2 everywhere under the controls, +θ where the target is set.
    void diagonal(const Qubits& controls, std::uint64_t state, const std::vector<Qubits>& masks, std::int64_t parameter) {
        factor(controls, state, {}, parameter, -0.5);
        for (const Qubits& mask : masks) factor(controls, state, mask, parameter, 1.0);
    }

    void zz(const Qubits& controls, std::uint64_t state, const Qubits& t, std::int64_t parameter) {
        diagonal(controls, state, {{t[0]}, {t[1]}}, parameter);
        factor(controls, state, {t[0], t[1]}, parameter, -2.0);
    }

    /// Undo exp(i c θ) on a mask and ask for its derivative. Controls on |0⟩: [c=0] = 1 - [c=1].
    void factor(const Qubits& controls, std::uint64_t state, const Qubits& targets, std::int64_t parameter, double c) {
        Qubits ones = targets, zeros;
        for (std::size_t k = 0; k < controls.size(); ++k)
            (state >> (controls.size() - 1 - k) & 1 ? ones : zeros).push_back(controls[k]);
        expand(ones, zeros, 0, parameter, c);
    }

    void expand(const Qubits& ones, const Qubits& zeros, std::size_t at, std::int64_t parameter, double c) {
        if (at < zeros.size()) {
            expand(ones, zeros, at + 1, parameter, c);
            Qubits more = ones;
            more.push_back(zeros[at]);
            expand(more, zeros, at + 1, parameter, -c);
            return;
        }
        const double angle = -c * params_[parameter];
        values_.push_back(std::make_unique<double>(angle));
        if (!ones.empty()) {  // over all indices the sum is Im⟨λ|ψ⟩ = 0
            Instruction& probe = add(Opcode::probe, ones, 0, 0);
            probe.clbit = static_cast<int>(questions_.size());
            questions_.push_back({parameter, -2 * c});
        }
        const auto controls = static_cast<int>(ones.size());
        Instruction& undo = add(Opcode::global_phase, ones, controls, (std::uint64_t{1} << controls) - 1);
        undo.params = values_.back().get();
    }

    Instruction& add(Opcode opcode, const Qubits& qubits, int controls, std::uint64_t state) {
        lists_.push_back(std::make_unique<Qubits>(qubits));
        Instruction made;
        made.opcode = opcode;
        made.num_qubits = static_cast<int>(qubits.size());
        made.num_controls = controls;
        made.control_state = state;
        made.qubits = lists_.back()->data();
        out_.push_back(made);
        return out_.back();
    }

    const double* params_;
    const int shift_;
    std::vector<Instruction> out_;
    std::vector<Question> questions_;
    std::vector<std::unique_ptr<Qubits>> lists_;
    std::vector<std::unique_ptr<std::vector<Complex>>> matrices_;
    std::vector<std::unique_ptr<double>> values_;
};

/// Bits of a state that holds ψ and λ, the highest telling which: wide enough that a plan need not widen it.
int paired_width(const Program& program, int lane_bits) {
    int widest = 0;
    for (const Instruction& in : program.body()) widest = std::max(widest, in.num_qubits);
    return std::max(program.num_qubits(), lane_bits + widest) + 1;
}

/// A state of `width` bits with ψ in its lower half; the upper one is for λ. Where the widths agree, ψ is made in its
/// place, so that there is never a third state.
template <class T>
State<T> run_with_room(const Program& program, int width, const RunOptions& options, const Context& context) {
    const Plans<T> plans(program.num_qubits(), options);
    if (!plans.is_direct()) {
        const Instruction* const first = program.body().data();
        const Plan<T> plan = plans.make(first, first + program.body().size(), true);
        if (plan.padded_bits == width - 1) {
            auto psi = State<T>::with_room(plan.num_bits, plan.padded_bits, width);
            run_plan(plan, psi, context);
            return std::move(psi).widened(width);
        }
    }
    const State<T> psi = run_state<T>(program, options, context);
    State<T> both(width, width);
    std::copy(psi.numbers(), psi.numbers() + 2 * psi.size(), both.numbers());
    std::fill(both.numbers() + 2 * psi.size(), both.numbers() + both.padded_size(), T(0));
    return both;
}

}  // namespace

template <class T>
ValueAndGradient expectation_gradient(const Program& program, const std::vector<PauliTerm>& terms,
                                      const RunOptions& options, const Context& context) {
    if (options.density) throw std::invalid_argument("gradients are taken on pure states");
    const Kernels<T>& table = kernels<T>(options.set);
    require_state_width(program);
    const int n = program.num_qubits();
    const int width = paired_width(program, table.lane_bits);
    const Backward backward(program, width - n);
    const LoweredCircuit lowered =
        lower(backward.begin(), backward.end(), width, lowering_for<T>(options.costs, n, false, options.merge));
    PlanOptions backward_options;
    backward_options.tile_bits = options.tile_bits;
    backward_options.starts_at_zero = false;
    backward_options.ends_at_zero = true;
    backward_options.probe_flag = width - 1;
    backward_options.costs = options.costs;
    const Plan<T> plan = make_plan<T>(lowered, table, backward_options);

    if (plan.padded_bits != width) throw std::logic_error("expectation_gradient: the plan has another width");
    State<T> both = run_with_room<T>(program, width, options, context);
    const PauliSum<T> sum(terms, width - 1, table, PauliSum<T>::Use::product);
    ValueAndGradient out;
    out.value = sum.apply(both.numbers(), both.numbers() + both.padded_size(), context);
    std::vector<double> answers;
    run_plan(plan, both, context, &answers);
    out.gradient.assign(program.params().size(), 0.0);
    for (const ProbeShare& share : lowered.shares) {
        const Question& q = backward.questions()[static_cast<std::size_t>(share.question)];
        out.gradient[static_cast<std::size_t>(q.parameter)] +=
            q.coefficient * share.weight * answers[static_cast<std::size_t>(share.answer)];
    }
    return out;
}

template ValueAndGradient expectation_gradient<float>(const Program&, const std::vector<PauliTerm>&, const RunOptions&,
                                                      const Context&);
template ValueAndGradient expectation_gradient<double>(const Program&, const std::vector<PauliTerm>&, const RunOptions&,
                                                       const Context&);

}  // namespace coratrix
