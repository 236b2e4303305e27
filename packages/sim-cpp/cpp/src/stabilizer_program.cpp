// One walk over a program: gates become steps, measurements records, and what cannot be done is named.
#include "coratrix/stabilizer_program.hpp"

#include <algorithm>
#include <map>
#include <stdexcept>

namespace coratrix {

std::optional<CliffordOp> plain_clifford(Opcode opcode, std::int64_t num_controls, std::int64_t control_state) {
    if (num_controls == 0) switch (opcode) {
        case Opcode::x: return CliffordOp::x;
        case Opcode::y: return CliffordOp::y;
        case Opcode::z: return CliffordOp::z;
        case Opcode::h: return CliffordOp::h;
        case Opcode::s: return CliffordOp::s;
        case Opcode::sdg: return CliffordOp::sdg;
        case Opcode::sx: return CliffordOp::sx;
        case Opcode::sxdg: return CliffordOp::sxdg;
        case Opcode::swap: return CliffordOp::swap;
        default: return std::nullopt;
    }
    if (num_controls != 1 || control_state != 1) return std::nullopt;
    if (opcode == Opcode::x) return CliffordOp::cx;
    if (opcode == Opcode::z) return CliffordOp::cz;
    return std::nullopt;
}

namespace {

using Kind = StabilizerStep::Kind;

/// Has no effect on any reading: the identity, a global phase.
bool is_nothing(const Instruction& in) {
    return in.num_controls == 0 && (in.opcode == Opcode::id || in.opcode == Opcode::global_phase);
}

bool holds(const Condition& condition, std::uint64_t value) {
    return std::binary_search(condition.values.begin(), condition.values.end(), value) != condition.negated;
}

const std::string& name_of(Opcode opcode) { return opcode_names()[static_cast<std::size_t>(opcode)].first; }

class Translator {
public:
    /// Writes into `out`, or only looks if that is null.
    Translator(const Program& program, StabilizerProgram* out) : program_(program), out_(out) {
        if (out_ == nullptr) return;
        current_.assign(static_cast<std::size_t>(program.num_clbits()), -1);
        out_->num_qubits = program.num_qubits();
        out_->num_clbits = program.num_clbits();
        out_->steps.reserve(program.body().size());
    }

    std::optional<Obstacle> translate() {
        const Body& body = program_.body();
        for (std::size_t place = 0; place < body.size(); ++place) {
            std::string wrong = instruction(body[place]);
            if (!wrong.empty()) return Obstacle{place, std::move(wrong)};
        }
        if (out_ != nullptr) give_slots();
        return std::nullopt;
    }

private:
    /// What is wrong with the instruction; empty if nothing is.
    std::string instruction(const Instruction& in) {
        switch (in.opcode) {
            case Opcode::measure: return measure(in), "";
            case Opcode::reset: return step(Kind::reset, CliffordOp::x, qubit(in, 0), 0), "";
            case Opcode::channel: return channel(in);
            case Opcode::if_else: return conditional(*in.flow);
            case Opcode::while_loop: return "repeats until a condition holds, which stabilizers cannot follow";
            default: return gate(in);
        }
    }

    std::string gate(const Instruction& in) {
        const auto state = static_cast<std::int64_t>(in.control_state);
        if (const std::optional<CliffordOp> op = plain_clifford(in.opcode, in.num_controls, state)) {
            step(Kind::gate, *op, qubit(in, 0), in.num_qubits == 2 ? qubit(in, 1) : 0);
            return "";
        }
        if (is_nothing(in)) return "";
        const CliffordSteps* const steps = gates_.find(in);
        if (steps == nullptr) return "is no Clifford gate";
        for (const CliffordStep& each : *steps) step(Kind::gate, each.op, qubit(in, each.a), qubit(in, each.b));
        return "";
    }

    std::string channel(const Instruction& in) {
        const auto [found, is_new] = channels_.try_emplace(in.matrix, -1);
        if (is_new) {
            std::optional<PauliChannel> made = pauli_channel(in);
            if (!made) return channels_.erase(found), "is no Pauli channel";
            if (out_ != nullptr) found->second = add_channel(std::move(*made));
        }
        if (out_ == nullptr) return "";
        step(Kind::error, CliffordOp::x, found->second, static_cast<int>(out_->error_qubits.size()));
        for (int k = 0; k < in.num_qubits; ++k) out_->error_qubits.push_back(qubit(in, k));
        return "";
    }

    int add_channel(PauliChannel&& made) {
        out_->channels.push_back(std::move(made));
        return static_cast<int>(out_->channels.size()) - 1;
    }

    void measure(const Instruction& in) {
        if (out_ == nullptr) return;
        const int number = static_cast<int>(out_->records.size());
        out_->records.emplace_back();
        step(Kind::measure, CliffordOp::x, qubit(in, 0), number);
        current_[static_cast<std::size_t>(in.clbit)] = number;
        if (in.matrix != nullptr) misread(number, in.matrix[1].real(), in.matrix[2].real());
    }

    /// A reading that is wrong with probability p0 where the state is 0 and p1 where it is 1.
    void misread(int record, double p0, double p1) {
        if (p0 == p1) {
            if (p0 == 0) return;
            const auto [found, is_new] = flips_.try_emplace(p0, -1);
            if (is_new) found->second = add_channel(bit_flip_channel(p0));
            out_->records[static_cast<std::size_t>(record)].flip = found->second;
            return;
        }
        Decision decision;
        decision.records = {record};
        decision.is_readout = true;
        decision.p_flip[0] = p0;
        decision.p_flip[1] = p1;
        decide(std::move(decision));
    }

    std::string conditional(const Flow& flow) {
        std::vector<PauliFactor> then_factors, else_factors;
        for (const auto& [body, factors] : {std::pair(&flow.then_body, &then_factors), std::pair(&flow.else_body, &else_factors)})
            for (const Instruction& in : *body)
                if (!as_pauli(in, *factors))
                    return "does " + name_of(in.opcode) + " under a condition; only x, y and z can be";
        if (out_ == nullptr) return "";
        const Condition& condition = flow.condition;
        if (condition.clbits.size() == 1) {
            follow(condition, then_factors, else_factors);
            return "";
        }
        Decision decision;
        for (const int clbit : condition.clbits) decision.records.push_back(current_[static_cast<std::size_t>(clbit)]);
        decision.values = condition.values;
        decision.negated = condition.negated;
        decision.then_factors = std::move(then_factors);
        decision.else_factors = std::move(else_factors);
        decide(std::move(decision));
        return "";
    }

    static bool as_pauli(const Instruction& in, std::vector<PauliFactor>& out) {
        if (is_nothing(in)) return true;
        if (in.num_controls > 0) return false;
        if (in.opcode != Opcode::x && in.opcode != Opcode::y && in.opcode != Opcode::z) return false;
        if (in.opcode != Opcode::z) out.push_back({qubit(in, 0), true});
        if (in.opcode != Opcode::x) out.push_back({qubit(in, 0), false});
        return true;
    }

    /// On one bit: what is done for 0 is done always, and for 1 what makes of it what is done for 1.
    void follow(const Condition& condition, const std::vector<PauliFactor>& then_factors,
                const std::vector<PauliFactor>& else_factors) {
        const std::vector<PauliFactor>& for_zero = holds(condition, 0) ? then_factors : else_factors;
        const std::vector<PauliFactor>& for_one = holds(condition, 1) ? then_factors : else_factors;
        const int record = current_[static_cast<std::size_t>(condition.clbits[0])];
        for (const PauliFactor& each : for_zero)
            step(Kind::gate, each.is_x ? CliffordOp::x : CliffordOp::z, each.qubit, 0);
        if (record < 0) return;
        out_->records[static_cast<std::size_t>(record)].is_followed = true;
        for (const std::vector<PauliFactor>* factors : {&for_zero, &for_one})
            for (const PauliFactor& each : *factors)
                step(Kind::follow, each.is_x ? CliffordOp::x : CliffordOp::z, each.qubit, record);
    }

    void decide(Decision&& decision) {
        step(Kind::decide, CliffordOp::x, static_cast<int>(out_->decisions.size()), 0);
        out_->decisions.push_back(std::move(decision));
    }

    void give_slots() {
        out_->num_slots = program_.num_clbits();
        for (std::size_t clbit = 0; clbit < current_.size(); ++clbit)
            if (current_[clbit] >= 0) out_->records[static_cast<std::size_t>(current_[clbit])].slot = static_cast<int>(clbit);
        for (const Decision& decision : out_->decisions)
            for (const int record : decision.records)
                if (record >= 0 && out_->records[static_cast<std::size_t>(record)].slot < 0)
                    out_->records[static_cast<std::size_t>(record)].slot = out_->num_slots++;
    }

    void step(Kind kind, CliffordOp op, int a, int b) {
        if (out_ != nullptr) out_->steps.push_back({kind, op, a, b});
    }

    static int qubit(const Instruction& in, int place) { return static_cast<int>(in.qubits[place]); }

    const Program& program_;
    StabilizerProgram* out_;
    CliffordTable gates_;
    std::map<const Complex*, int> channels_;
    std::map<double, int> flips_;
    std::vector<int> current_;  // by classical bit, the record that it holds
};

}  // namespace

std::optional<Obstacle> stabilizer_obstacle(const Program& program) { return Translator(program, nullptr).translate(); }

StabilizerProgram stabilizer_program(const Program& program) {
    StabilizerProgram out;
    if (const std::optional<Obstacle> found = Translator(program, &out).translate())
        throw std::invalid_argument("instruction " + std::to_string(found->place) + " " + found->what);
    return out;
}

}  // namespace coratrix
