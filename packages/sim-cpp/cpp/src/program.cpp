// Parsing: every number is checked here once, so that nothing behind it needs to.
#include "coratrix/program.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "coratrix/gates.hpp"

namespace coratrix {

const std::vector<std::pair<std::string, Opcode>>& opcode_names() {
    static const std::vector<std::pair<std::string, Opcode>> names = [] {
        const char* const spelled[] = {
            "id", "x", "y", "z", "h", "s", "sdg", "t", "tdg", "sx", "sxdg", "p", "u", "rx", "ry", "rz", "phased_u",
            "swap", "iswap", "dcx", "ecr", "rxx", "ryy", "rzz", "rzx", "unitary", "global_phase",
            "measure", "reset", "channel", "if_else", "while_loop"};
        std::vector<std::pair<std::string, Opcode>> out;
        std::int64_t number = 0;
        for (const char* name : spelled) out.emplace_back(name, static_cast<Opcode>(number++));
        return out;
    }();
    return names;
}

bool Condition::holds(const std::vector<std::uint8_t>& clbit_values) const {
    std::uint64_t value = 0;
    for (std::size_t k = 0; k < clbits.size(); ++k)
        value |= std::uint64_t{clbit_values[static_cast<std::size_t>(clbits[k])]} << k;
    return std::binary_search(values.begin(), values.end(), value) != negated;
}

class Parser {
public:
    explicit Parser(const Program& program) : program_(program), words_(program.words_) {}

    Body parse_all() {
        Body body = parse_until(words_.size());
        return body;
    }

private:
    [[noreturn]] static void fail(const std::string& what) { throw std::invalid_argument("program: " + what); }

    std::int64_t next() {
        if (at_ >= words_.size()) fail("the buffer ends inside an instruction");
        return words_[at_++];
    }

    [[noreturn]] static void out_of_range(const char* what, std::int64_t value) {
        fail(std::string(what) + " out of range: " + std::to_string(value));
    }

    std::int64_t next_in(std::int64_t low, std::int64_t high, const char* what) {
        const std::int64_t value = next();
        if (value < low || value >= high) out_of_range(what, value);
        return value;
    }

    Body parse_until(std::size_t end) {
        Body body;
        body.reserve((end - at_) / 5);
        while (at_ < end) parse_one(body.emplace_back());
        if (at_ != end) fail("an instruction crosses the end of its block");
        return body;
    }

    void parse_one(Instruction& out) {
        out.opcode = static_cast<Opcode>(next_in(0, static_cast<std::int64_t>(Opcode::count), "opcode"));
        switch (out.opcode) {
            case Opcode::measure: parse_measure(out); break;
            case Opcode::reset: parse_qubits(out, 1); break;
            case Opcode::channel: parse_channel(out); break;
            case Opcode::if_else: parse_if(out); break;
            case Opcode::while_loop: parse_while(out); break;
            default: parse_gate(out);
        }
    }

    void parse_qubits(Instruction& out, std::int64_t count) {
        if (static_cast<std::size_t>(count) > words_.size() - at_) fail("the buffer ends inside an instruction");
        out.num_qubits = static_cast<int>(count);
        out.qubits = words_.data() + at_;
        for (std::int64_t k = 0; k < count; ++k) {
            const std::int64_t qubit = next_in(0, program_.num_qubits_, "qubit");
            for (std::int64_t before = 0; before < k; ++before)
                if (out.qubits[before] == qubit) fail("a qubit is repeated");
        }
    }

    void parse_gate(Instruction& out) {
        out.num_controls = static_cast<int>(next_in(0, kMaxQubits, "number of controls"));
        out.control_state = static_cast<std::uint64_t>(next_in(0, std::int64_t{1} << out.num_controls, "control state"));
        parse_qubits(out, next_in(0, kMaxQubits + 1, "number of qubits"));
        const int targets = out.num_qubits - out.num_controls;
        const std::int64_t offset = next();
        if (out.opcode == Opcode::unitary) {
            if (targets < 1) fail("a unitary acts on at least one qubit");
            out.matrix = matrices(offset, 1, targets);
            return;
        }
        if (targets != base_qubits(out.opcode)) fail("wrong number of qubits for a gate");
        const int wanted = num_params(out.opcode);
        if (wanted == 0) return;
        if (offset < 0 || static_cast<std::size_t>(offset) + static_cast<std::size_t>(wanted) > program_.params_.size())
            fail("parameters out of range");
        out.params = program_.params_.data() + offset;
    }

    /// `count` matrices on `qubits` qubits, which must lie inside the pool.
    const Complex* matrices(std::int64_t offset, std::int64_t count, int qubits) {
        if (qubits > 15) fail("a matrix on more than 15 qubits");
        const std::size_t size = (std::size_t{1} << (2 * qubits)) * static_cast<std::size_t>(count);
        const std::size_t pool = program_.matrices_.size();
        if (offset < 0 || static_cast<std::size_t>(offset) > pool || size > pool - static_cast<std::size_t>(offset))
            fail("matrix out of range");
        return program_.matrices_.data() + offset;
    }

    void parse_measure(Instruction& out) {
        parse_qubits(out, 1);
        out.clbit = static_cast<int>(next_in(0, program_.num_clbits_, "classical bit"));
        const std::int64_t readout = next();
        if (readout >= 0) out.matrix = matrices(readout, 1, 1);
    }

    void parse_channel(Instruction& out) {
        out.num_kraus = static_cast<int>(next_in(1, 1 << 16, "number of Kraus matrices"));
        parse_qubits(out, next_in(1, 8, "number of qubits"));
        out.matrix = matrices(next(), out.num_kraus, out.num_qubits);
    }

    Condition parse_condition() {
        Condition out;
        const std::int64_t bits = next_in(1, 65, "number of condition bits");
        for (std::int64_t k = 0; k < bits; ++k)
            out.clbits.push_back(static_cast<int>(next_in(0, program_.num_clbits_, "classical bit")));
        const std::int64_t values = next_in(0, std::int64_t{1} << 32, "number of condition values");
        for (std::int64_t k = 0; k < values; ++k) out.values.push_back(static_cast<std::uint64_t>(next()));
        std::sort(out.values.begin(), out.values.end());
        out.negated = next() != 0;
        return out;
    }

    Body parse_block(std::int64_t length) {
        if (static_cast<std::size_t>(length) > words_.size() - at_) fail("a block is longer than the buffer");
        if (++depth_ > 200) fail("blocks nested more than 200 deep");
        Body body = parse_until(at_ + static_cast<std::size_t>(length));
        --depth_;
        return body;
    }

    void parse_if(Instruction& out) {
        auto flow = std::make_shared<Flow>();
        flow->condition = parse_condition();
        const std::int64_t then_words = next_in(0, INT64_MAX, "block length");
        const std::int64_t else_words = next_in(0, INT64_MAX, "block length");
        flow->then_body = parse_block(then_words);
        flow->else_body = parse_block(else_words);
        out.flow = std::move(flow);
    }

    void parse_while(Instruction& out) {
        auto flow = std::make_shared<Flow>();
        flow->condition = parse_condition();
        flow->max_iterations = next_in(1, INT64_MAX, "max_iterations");
        const std::int64_t body_words = next_in(0, INT64_MAX, "block length");
        flow->then_body = parse_block(body_words);
        out.flow = std::move(flow);
    }

    const Program& program_;
    const std::vector<std::int64_t>& words_;
    std::size_t at_ = 0;
    int depth_ = 0;
};

Program::Program(int num_qubits, int num_clbits, std::vector<std::int64_t> words, std::vector<double> params,
                 std::vector<Complex> matrices)
    : num_qubits_(num_qubits), num_clbits_(num_clbits), words_(std::move(words)), params_(std::move(params)),
      matrices_(std::move(matrices)) {
    if (num_qubits < 1 || num_qubits > kMaxProgramQubits)
        throw std::invalid_argument("program: 1 to " + std::to_string(kMaxProgramQubits) + " qubits, got " +
                                    std::to_string(num_qubits));
    body_ = Parser(*this).parse_all();
}

void require_state_width(const Program& program) {
    if (program.num_qubits() > kMaxQubits)
        throw std::invalid_argument("a state has at most " + std::to_string(kMaxQubits) + " qubits, the program has " +
                                    std::to_string(program.num_qubits()));
}

}  // namespace coratrix
