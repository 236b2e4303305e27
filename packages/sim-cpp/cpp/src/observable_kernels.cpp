// Finds the table that belongs to an instruction set.
#include "coratrix/observable_kernels.hpp"

#include <stdexcept>

namespace coratrix {

extern const ObservableKernels<float> kportableSingleObservables;
extern const ObservableKernels<double> kportableDoubleObservables;
#ifdef CORATRIX_X86
extern const ObservableKernels<float> kavx2SingleObservables, kavx512SingleObservables;
extern const ObservableKernels<double> kavx2DoubleObservables, kavx512DoubleObservables;
#endif

namespace {

template <class T>
InstructionSet set_of(const Kernels<T>& kernels_of) {
    for (const InstructionSet set : {InstructionSet::portable, InstructionSet::avx2, InstructionSet::avx512})
        if (is_supported(set) && &kernels<T>(set) == &kernels_of) return set;
    throw std::logic_error("observable_kernels: a table of no instruction set");
}

}  // namespace

template <>
const ObservableKernels<float>& observable_kernels<float>(const Kernels<float>& kernels) {
    switch (set_of(kernels)) {
#ifdef CORATRIX_X86
        case InstructionSet::avx512: return kavx512SingleObservables;
        case InstructionSet::avx2: return kavx2SingleObservables;
#endif
        default: return kportableSingleObservables;
    }
}

template <>
const ObservableKernels<double>& observable_kernels<double>(const Kernels<double>& kernels) {
    switch (set_of(kernels)) {
#ifdef CORATRIX_X86
        case InstructionSet::avx512: return kavx512DoubleObservables;
        case InstructionSet::avx2: return kavx2DoubleObservables;
#endif
        default: return kportableDoubleObservables;
    }
}

}  // namespace coratrix
