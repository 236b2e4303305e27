// The peak of AVX512.
#include "coratrix/simd_avx512.hpp"

#include "peak_impl.hpp"

namespace coratrix {

template <> Peak peak_avx512<float>(Clock now) { return measure_peak<avx512::Single>(now); }
template <> Peak peak_avx512<double>(Clock now) { return measure_peak<avx512::Double>(now); }

}  // namespace coratrix
