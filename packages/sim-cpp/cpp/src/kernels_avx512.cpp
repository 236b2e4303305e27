// The kernels for AVX512.
#define CORATRIX_ISA avx512
#include "coratrix/simd_avx512.hpp"

#include "coratrix/kernels_impl.hpp"

namespace coratrix {

extern const Kernels<float> kavx512Single;
extern const Kernels<double> kavx512Double;
constexpr Kernels<float> kavx512Single = avx512::make_kernels<avx512::Single>("avx512");
constexpr Kernels<double> kavx512Double = avx512::make_kernels<avx512::Double>("avx512");

}  // namespace coratrix
