// Runs a plan on a state in memory.
#pragma once

#include <cstddef>
#include <vector>

#include "coratrix/memory.hpp"
#include "coratrix/parallel.hpp"
#include "coratrix/plan.hpp"

namespace coratrix {

/// 2^num_bits complex amplitudes of T, interleaved. The buffer is wider where vectors need it, zeros at its end.
template <class T>
class State {
public:
    State() = default;
    State(int num_bits, int padded_bits)
        : num_bits_(num_bits), padded_bits_(padded_bits), buffer_(std::size_t{2} * sizeof(T) << padded_bits) {}

    int num_bits() const { return num_bits_; }
    int padded_bits() const { return padded_bits_; }
    Index size() const { return Index{1} << num_bits_; }
    Index padded_size() const { return Index{1} << padded_bits_; }
    std::complex<T>* data() { return static_cast<std::complex<T>*>(buffer_.data()); }
    const std::complex<T>* data() const { return static_cast<const std::complex<T>*>(buffer_.data()); }
    T* numbers() { return static_cast<T*>(buffer_.data()); }
    const T* numbers() const { return static_cast<const T*>(buffer_.data()); }

    void set_basis(Index index);
    State copy() const;

    /// A state whose buffer has room for 2^room_bits amplitudes, of which it uses 2^padded_bits …
    static State with_room(int num_bits, int padded_bits, int room_bits) {
        State out(num_bits, room_bits);
        out.padded_bits_ = padded_bits;
        return out;
    }
    /// … and the state of `bits` bits that it becomes in place: behind its own amplitudes lies what was there before.
    State widened(int bits) && {
        num_bits_ = padded_bits_ = bits;
        return std::move(*this);
    }

private:
    int num_bits_ = 0;
    int padded_bits_ = 0;
    Buffer buffer_;
};

/// Width of the buffer that every plan on `num_bits` bits can use if its dense matrices fit without widening.
template <class T>
int padded_bits(int num_bits, const Kernels<T>& kernels) {
    return num_bits < kernels.lane_bits ? kernels.lane_bits : num_bits;
}

/// state ← plan(state). A plan that starts at zero does not read the state. The plan's probes are answered in
/// `answers`, one number each, summed over tiles in a fixed order.
template <class T>
void run_plan(const Plan<T>& plan, State<T>& state, const Context& context, std::vector<double>* answers = nullptr);

/// A new state: the plan applied to |0…0⟩.
template <class T>
State<T> run_from_zero(const Plan<T>& plan, const Context& context);

}  // namespace coratrix
