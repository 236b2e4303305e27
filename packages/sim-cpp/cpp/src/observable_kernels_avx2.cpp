// The kernels on observables for the instruction set "avx2"; compiled with its flags.
#define CORATRIX_ISA avx2
#include "coratrix/simd_avx2.hpp"

#include "coratrix/observable_kernels_impl.hpp"

namespace coratrix {

extern const ObservableKernels<float> kavx2SingleObservables;
extern const ObservableKernels<double> kavx2DoubleObservables;
const ObservableKernels<float> kavx2SingleObservables = avx2::make_observable_kernels<avx2::Single>();
const ObservableKernels<double> kavx2DoubleObservables = avx2::make_observable_kernels<avx2::Double>();

}  // namespace coratrix
