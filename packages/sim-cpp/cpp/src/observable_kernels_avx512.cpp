// The kernels on observables for the instruction set "avx512"; compiled with its flags.
#define CORATRIX_ISA avx512
#include "coratrix/simd_avx512.hpp"

#include "coratrix/observable_kernels_impl.hpp"

namespace coratrix {

extern const ObservableKernels<float> kavx512SingleObservables;
extern const ObservableKernels<double> kavx512DoubleObservables;
const ObservableKernels<float> kavx512SingleObservables = avx512::make_observable_kernels<avx512::Single>();
const ObservableKernels<double> kavx512DoubleObservables = avx512::make_observable_kernels<avx512::Double>();

}  // namespace coratrix
