// A sum A + iB of Hermitian sums A and B is two values.
#include "coratrix/expectation.hpp"

#include <algorithm>

namespace coratrix {

namespace {

template <class T>
double value_of(const State<T>& state, const Kernels<T>& kernels, std::vector<PauliTerm> terms, const Context& context) {
    const PauliSum<T> sum(std::move(terms), state.padded_bits(), kernels, PauliSum<T>::Use::value);
    return sum.apply(state.numbers(), nullptr, context);
}

}  // namespace

template <class T>
Complex expectation(const State<T>& state, const Kernels<T>& kernels, const std::vector<PauliTerm>& terms,
                    const Context& context) {
    std::vector<PauliTerm> imaginary;
    for (const PauliTerm& term : terms)
        if (term.coefficient.imag() != 0) imaginary.push_back({term.x, term.z, term.coefficient.imag()});
    const double re = value_of(state, kernels, terms, context);
    return {re, imaginary.empty() ? 0.0 : value_of(state, kernels, std::move(imaginary), context)};
}

template <class T>
Complex expectation_density(const State<T>& rho, const std::vector<PauliTerm>& terms) {
    static const Complex powers_of_i[4] = {{1, 0}, {0, 1}, {-1, 0}, {0, -1}};
    const int n = rho.num_bits() / 2;
    Complex total = 0;
    for (const PauliTerm& term : terms) {
        Complex sum = 0;
        for (Index k = 0; k < Index{1} << n; ++k) {
            const Complex entry(rho.data()[k << n | (k ^ term.x)]);
            sum += parity(term.z & k) ? -entry : entry;
        }
        total += term.coefficient * powers_of_i[popcount(term.x & term.z) & 3] * sum;
    }
    return total;
}

#define CORATRIX_INSTANTIATE(T)                                                                                 \
    template Complex expectation<T>(const State<T>&, const Kernels<T>&, const std::vector<PauliTerm>&,          \
                                    const Context&);                                                            \
    template Complex expectation_density<T>(const State<T>&, const std::vector<PauliTerm>&);
CORATRIX_INSTANTIATE(float)
CORATRIX_INSTANTIATE(double)

}  // namespace coratrix
