// What one core can do at most with the vectors of an instruction set; kernels are measured against it.
#pragma once

namespace coratrix {

/// Best of many bursts.
struct Peak {
    double gflops;     // multiply-adds in registers, two operations each
    double l1_gbytes;  // read and written per second by x ← a·x + b over a quarter of a usual first-level cache
    double l2_gbytes;  // the same over a tile
};

using Clock = double (*)();  // seconds

// One translation unit per instruction set, as for the kernels; T is float or double.
template <class T> Peak peak_portable(Clock now);
template <class T> Peak peak_avx2(Clock now);
template <class T> Peak peak_avx512(Clock now);

}  // namespace coratrix
