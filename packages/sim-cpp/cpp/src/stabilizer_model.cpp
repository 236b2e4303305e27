// The walk from the end of a circuit to its start.
#include "coratrix/stabilizer_model.hpp"

#include <algorithm>
#include <map>
#include <type_traits>

namespace coratrix {

int FlipSets::add(const Word* row, std::size_t first_word, std::size_t last_word) {
    const std::size_t before = parts_.size();
    for (std::size_t w = first_word; w < last_word; ++w)
        if (row[w] != 0) parts_.push_back({static_cast<std::uint32_t>(w), row[w]});
    if (parts_.size() == before) return -1;
    ends_.push_back(parts_.size());
    return static_cast<int>(ends_.size()) - 1;
}

namespace {

/// A row whose set bits all lie in words [first, last): in wide circuits few of them do.
struct Row {
    Word* words = nullptr;
    std::size_t first = static_cast<std::size_t>(-1), last = 0;

    bool any() const {
        for (std::size_t w = first; w < last; ++w)
            if (words[w] != 0) return true;
        return false;
    }
    void add(const Row& other) {
        for (std::size_t w = other.first; w < other.last; ++w) words[w] ^= other.words[w];
        cover(other);
    }
    void add_bit(std::size_t k) {
        words[k / 64] ^= Word{1} << (k % 64);
        first = std::min(first, k / 64);
        last = std::max(last, k / 64 + 1);
    }
    void clear() {
        for (std::size_t w = first; w < last; ++w) words[w] = 0;
        *this = Row{words};
    }

private:
    void cover(const Row& other) {
        first = std::min(first, other.first);
        last = std::max(last, other.last);
    }
};

class BackwardWalk {
public:
    explicit BackwardWalk(StabilizerProgram program)
        : program_(std::move(program)), slots_(static_cast<std::size_t>(program_.num_slots)),
          x_bits_(static_cast<std::size_t>(program_.num_qubits), slots_),
          z_bits_(static_cast<std::size_t>(program_.num_qubits), slots_), followed_bits_(num_followed() + 1, slots_),
          observables_(slots_), sign_(observables_.sign.row(0)), model_(slots_) {
        for (std::size_t q = 0; q < x_bits_.rows(); ++q) {
            x_.push_back({x_bits_.row(q)});
            z_.push_back({z_bits_.row(q)});
        }
        scratch_ = {followed_bits_.row(0)};
        number_followed();
    }

    ShotModel run() {
        for (std::size_t k = program_.steps.size(); k-- > 0;) undo(program_.steps[k]);
        for (std::size_t q = 0; q < x_.size(); ++q) start_in_zero(q);
        std::reverse(model_.decisions.begin(), model_.decisions.end());
        model_.num_clbits = program_.num_clbits;
        model_.num_slots = program_.num_slots;
        model_.channels = std::move(program_.channels);
        model_.coins = coins_of(observables_);
        return std::move(model_);
    }

private:
    void undo(const StabilizerStep& step) {
        const auto a = static_cast<std::size_t>(step.a);
        switch (step.kind) {
            case StabilizerStep::Kind::gate: gate(step.op, a, static_cast<std::size_t>(step.b)); break;
            case StabilizerStep::Kind::measure: measure(a, step.b); break;
            case StabilizerStep::Kind::error: error(step.a, static_cast<std::size_t>(step.b)); break;
            case StabilizerStep::Kind::follow: followed(step.b).add(hit(a, step.op == CliffordOp::x)); break;
            case StabilizerStep::Kind::decide: decide(program_.decisions[a]); break;
            case StabilizerStep::Kind::reset:
                start_in_zero(a);
                x_[a].clear();
                z_[a].clear();
        }
    }

    /// P → U† P U for the letters of all slots on the gate's qubits, as in Aaronson and Gottesman, PRA 70, 052328.
    void gate(CliffordOp op, std::size_t a, std::size_t b) {
        Row &x = x_[a], &z = z_[a];
        switch (op) {
            case CliffordOp::x: negate_where(z, z, [](Word v, Word) { return v; }); break;
            case CliffordOp::z: negate_where(x, x, [](Word v, Word) { return v; }); break;
            case CliffordOp::y:
                negate_where(x, x, [](Word v, Word) { return v; });
                negate_where(z, z, [](Word v, Word) { return v; });
                break;
            case CliffordOp::h:
                negate_where(x, z, [](Word v, Word w) { return v & w; });
                std::swap(x, z);
                break;
            case CliffordOp::s:
                negate_where(x, x, [&z](Word v, Word, std::size_t w) { return v & ~z.words[w]; });
                z.add(x);
                break;
            case CliffordOp::sdg:
                negate_where(x, z, [](Word v, Word w) { return v & w; });
                z.add(x);
                break;
            case CliffordOp::sx:
                negate_where(x, z, [](Word v, Word w) { return v & w; });
                x.add(z);
                break;
            case CliffordOp::sxdg:
                negate_where(z, z, [&x](Word v, Word, std::size_t w) { return v & ~x.words[w]; });
                x.add(z);
                break;
            case CliffordOp::cx: controlled_x(x, z, x_[b], z_[b]); break;
            case CliffordOp::cz:
                negate_where(x, x_[b], [&z, zb = z_[b].words](Word v, Word w, std::size_t k) {
                    return v & w & (z.words[k] ^ zb[k]);
                });
                z.add(x_[b]);
                z_[b].add(x);
                break;
            case CliffordOp::swap:
                std::swap(x, x_[b]);
                std::swap(z, z_[b]);
        }
    }

    /// Control c, target t.
    void controlled_x(Row& xc, Row& zc, Row& xt, Row& zt) {
        negate_where(xc, zt, [x = xt.words, z = zc.words](Word v, Word w, std::size_t k) { return v & w & ~(x[k] ^ z[k]); });
        xt.add(xc);
        zc.add(zt);
    }

    /// A measurement is a CX onto a fresh bit in |0⟩ that is read at the very end; its Z row is the record's.
    void measure(std::size_t q, int number) {
        const Record& record = program_.records[static_cast<std::size_t>(number)];
        Row& read = record_row(number);
        if (record.flip >= 0) add_site(record.flip, {model_.sets.add(read.words, read.first, read.last), -1});
        negate_where(x_[q], read, [z = z_[q].words](Word v, Word w, std::size_t k) { return v & w & ~z[k]; });
        add_column(x_[q], read);
        z_[q].add(read);
        scratch_.clear();
    }

    void error(int channel, std::size_t place) {
        std::vector<int>& sets = fresh_sets_;
        sets.clear();
        for (int k = 0; k < program_.channels[static_cast<std::size_t>(channel)].num_qubits; ++k) {
            const auto q = static_cast<std::size_t>(program_.error_qubits[place + static_cast<std::size_t>(k)]);
            for (const bool is_x : {true, false}) {
                const Row& row = hit(q, is_x);
                sets.push_back(model_.sets.add(row.words, row.first, row.last));
            }
        }
        add_site(channel, sets);
    }

    void add_site(int channel, const std::vector<int>& sets) {
        const double p_any = program_.channels[static_cast<std::size_t>(channel)].p_any;
        if (p_any <= 0 || std::all_of(sets.begin(), sets.end(), [](int set) { return set < 0; })) return;
        const auto [group, is_new] = group_of_.try_emplace(p_any, model_.errors.size());
        if (is_new) model_.errors.push_back({p_any, {}});
        model_.errors[group->second].sites.push_back({channel, model_.site_sets.size()});
        model_.site_sets.insert(model_.site_sets.end(), sets.begin(), sets.end());
    }

    void decide(const Decision& decision) {
        DecidedFlip out{{}, decision.values, decision.negated, -1, -1, decision.is_readout,
                        {decision.p_flip[0], decision.p_flip[1]}};
        for (const int record : decision.records)
            out.slots.push_back(record < 0 ? -1 : program_.records[static_cast<std::size_t>(record)].slot);
        if (decision.is_readout) {
            const Row& read = record_row(decision.records[0]);
            out.then_set = model_.sets.add(read.words, read.first, read.last);
            scratch_.clear();
        } else {
            out.then_set = effect(decision.then_factors);
            out.else_set = effect(decision.else_factors);
        }
        model_.decisions.push_back(std::move(out));
    }

    int effect(const std::vector<PauliFactor>& factors) {
        for (const PauliFactor& each : factors) scratch_.add(hit(static_cast<std::size_t>(each.qubit), each.is_x));
        const int set = model_.sets.add(scratch_.words, scratch_.first, scratch_.last);
        scratch_.clear();
        return set;
    }

    /// The slots that an X, or else a Z, on the qubit flips.
    const Row& hit(std::size_t q, bool is_x) const { return is_x ? z_[q] : x_[q]; }

    /// The slots that a wrong reading of the record flips: its own, and what hangs on it.
    Row& record_row(int number) {
        const Record& record = program_.records[static_cast<std::size_t>(number)];
        if (record.is_followed) return followed(number);
        if (record.slot >= 0) scratch_.add_bit(static_cast<std::size_t>(record.slot));
        return scratch_;
    }

    Row& followed(int number) { return followed_[place_of_followed_[static_cast<std::size_t>(number)]]; }

    void start_in_zero(std::size_t q) { add_column(x_[q], z_[q]); }

    void add_column(const Row& x, const Row& z) {
        if (!x.any()) return;  // then Z here never meets an X
        Word* const to_x = observables_.x.add_row();
        std::copy(x.words + x.first, x.words + x.last, to_x + x.first);
        Word* const to_z = observables_.z.add_row();
        if (z.first < z.last) std::copy(z.words + z.first, z.words + z.last, to_z + z.first);
    }

    /// Change the sign of the slots that `where` gives, from the words of two rows that must both be set.
    template <class F>
    void negate_where(const Row& a, const Row& b, F where) {
        const std::size_t last = std::min(a.last, b.last);
        for (std::size_t w = std::max(a.first, b.first); w < last; ++w) {
            if constexpr (std::is_invocable_v<F, Word, Word>) sign_[w] ^= where(a.words[w], b.words[w]);
            else sign_[w] ^= where(a.words[w], b.words[w], w);
        }
    }

    std::size_t num_followed() const {
        return static_cast<std::size_t>(std::count_if(program_.records.begin(), program_.records.end(),
                                                      [](const Record& record) { return record.is_followed; }));
    }

    void number_followed() {
        place_of_followed_.resize(program_.records.size());
        for (std::size_t k = 0; k < program_.records.size(); ++k) {
            if (!program_.records[k].is_followed) continue;
            place_of_followed_[k] = followed_.size();
            followed_.push_back({followed_bits_.row(followed_.size() + 1)});
            if (program_.records[k].slot >= 0) followed_.back().add_bit(static_cast<std::size_t>(program_.records[k].slot));
        }
    }

    StabilizerProgram program_;
    std::size_t slots_;
    BitMatrix x_bits_, z_bits_, followed_bits_;
    std::vector<Row> x_, z_;  // by qubit
    std::vector<Row> followed_;
    std::vector<std::size_t> place_of_followed_;
    Row scratch_;
    Observables observables_;
    Word* sign_;
    ShotModel model_;
    std::map<double, std::size_t> group_of_;
    std::vector<int> fresh_sets_;
};

}  // namespace

ShotModel shot_model(StabilizerProgram program) { return BackwardWalk(std::move(program)).run(); }

}  // namespace coratrix
