// The Pauli-basis kernels for the instruction set "portable"; compiled with its flags.
#define CORATRIX_PAULI_SET pauli_portable
#define CORATRIX_PAULI_LANE_BITS 1
#include "coratrix/pauli_kernels_impl.hpp"
