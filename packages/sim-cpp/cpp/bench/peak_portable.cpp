// The peak of PORTABLE.
#include "coratrix/simd_portable.hpp"

#include "peak_impl.hpp"

namespace coratrix {

template <> Peak peak_portable<float>(Clock now) { return measure_peak<portable::Single>(now); }
template <> Peak peak_portable<double>(Clock now) { return measure_peak<portable::Double>(now); }

}  // namespace coratrix
