// The peak of AVX2.
#include "coratrix/simd_avx2.hpp"

#include "peak_impl.hpp"

namespace coratrix {

template <> Peak peak_avx2<float>(Clock now) { return measure_peak<avx2::Single>(now); }
template <> Peak peak_avx2<double>(Clock now) { return measure_peak<avx2::Double>(now); }

}  // namespace coratrix
