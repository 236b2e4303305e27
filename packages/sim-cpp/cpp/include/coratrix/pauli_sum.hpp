// A sum of Pauli strings made ready for states of one width: its value, and its product with a state.
//
// Strings with the same X mask x are one real function of the index times the permutation k → k ^ x (and i times
// another, for the strings with an odd number of Ys). Few strings are added one by one, many as that function, which
// a Walsh–Hadamard transform makes block by block.
#pragma once

#include <vector>

#include "coratrix/observable_kernels.hpp"
#include "coratrix/parallel.hpp"

namespace coratrix {

/// coefficient · P with P|k⟩ = i^{|x∧z|} (-1)^{z·k} |k ^ x⟩: bits of both masks make a Y.
struct PauliTerm {
    Mask x = 0;
    Mask z = 0;
    Complex coefficient{1, 0};
};

template <class T>
class PauliSum {
public:
    /// A sum that is only asked for its value leaves out half of each pair k, k ^ x, whose shares are conjugates.
    enum class Use { value, product };

    /// Takes the real parts of the coefficients.
    PauliSum(std::vector<PauliTerm> terms, int padded_bits, const Kernels<T>& kernels, Use use);

    /// ⟨ψ|Σ|ψ⟩ of 2^padded_bits amplitudes; for products also λ ← Σψ. The same for any number of threads.
    double apply(const T* psi, T* lambda, const Context& context) const;

private:
    struct Many {                     // strings that share x
        SumFunction<T> function;      // whose tables are made block by block
        Mask skip = 0;                // blocks with this bit are left out
        std::vector<PauliTerm> terms;
        bool any_even = false, any_odd = false;
    };

    void add_few(const PauliTerm& term);
    void add_many(const PauliTerm* first, const PauliTerm* last);
    void arrange(SumTerm<T>* first, SumTerm<T>* last) const;
    void permutation(Mask numbers, unsigned char* lanes) const;
    Mask skipped(Mask x, int block_bits) const;
    double apply_chunk(const T* psi, T* lambda, Index chunk) const;
    double apply_many(const Many& many, const T* psi, T* lambda, Index first) const;
    double apply_plainly(const T* psi, T* lambda) const;

    const Kernels<T>& kernels_;
    const ObservableKernels<T>& observables_;
    const int bits_;
    const int chunk_bits_;
    const Use use_;
    std::vector<PauliTerm> plain_;    // all terms, where a state is too narrow for vectors
    std::vector<SumTerm<T>> few_;     // sorted by x
    std::vector<std::size_t> groups_; // where in `few_` the bits of x above a chunk change; the last is the end
    std::vector<Many> many_;
};

}  // namespace coratrix
