// The Pauli-basis kernels for the instruction set "portable"; compiled with its flags.
#define CORATRIX_PAULI_SET pauli_portable
#include "coratrix/pauli_kernels_impl.hpp"
