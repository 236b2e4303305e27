// The kernels for PORTABLE.
#define CORATRIX_ISA portable
#include "coratrix/simd_portable.hpp"

#include "coratrix/kernels_impl.hpp"

namespace coratrix {

extern const Kernels<float> kportableSingle;
extern const Kernels<double> kportableDouble;
constexpr Kernels<float> kportableSingle = portable::make_kernels<portable::Single>("portable");
constexpr Kernels<double> kportableDouble = portable::make_kernels<portable::Double>("portable");

}  // namespace coratrix
