// The Pauli-basis kernels for the instruction set "avx2"; compiled with its flags.
#define CORATRIX_PAULI_SET pauli_avx2
#define CORATRIX_PAULI_LANE_BITS 2
#include "coratrix/pauli_kernels_impl.hpp"
