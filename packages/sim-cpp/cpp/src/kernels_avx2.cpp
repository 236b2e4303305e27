// The kernels for AVX2.
#define CORATRIX_ISA avx2
#include "coratrix/simd_avx2.hpp"

#include "coratrix/kernels_impl.hpp"

namespace coratrix {

extern const Kernels<float> kavx2Single;
extern const Kernels<double> kavx2Double;
constexpr Kernels<float> kavx2Single = avx2::make_kernels<avx2::Single>("avx2");
constexpr Kernels<double> kavx2Double = avx2::make_kernels<avx2::Double>("avx2");

}  // namespace coratrix
