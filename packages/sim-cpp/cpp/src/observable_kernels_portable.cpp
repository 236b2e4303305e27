// The kernels on observables for the instruction set "portable"; compiled with its flags.
#define CORATRIX_ISA portable
#include "coratrix/simd_portable.hpp"

#include "coratrix/observable_kernels_impl.hpp"

namespace coratrix {

extern const ObservableKernels<float> kportableSingleObservables;
extern const ObservableKernels<double> kportableDoubleObservables;
const ObservableKernels<float> kportableSingleObservables = portable::make_observable_kernels<portable::Single>();
const ObservableKernels<double> kportableDoubleObservables = portable::make_observable_kernels<portable::Double>();

}  // namespace coratrix
