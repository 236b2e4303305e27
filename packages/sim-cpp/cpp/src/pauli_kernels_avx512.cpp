// The Pauli-basis kernels for the instruction set "avx512"; compiled with its flags.
#define CORATRIX_PAULI_SET pauli_avx512
#define CORATRIX_PAULI_LANE_BITS 3
#include "coratrix/pauli_kernels_impl.hpp"
