// The quantum Fourier transform of |5> on four qubits, then its inverse: c reads 5.
OPENQASM 3.0;
include "stdgates.inc";

const int n = 4;
const int number = 5;
qubit[n] q;
bit[n] c;

for int k in [0:n - 1] {
  if ((number >> k) & 1 == 1) {
    x q[k];
  }
}
for int target in [n - 1:-1:0] {
  h q[target];
  for int control in [target - 1:-1:0] {
    cp(pi / 2 ** (target - control)) q[control], q[target];
  }
}
barrier q;
for int target in [0:n - 1] {
  for int control in [0:target - 1] {
    inv @ cp(pi / 2 ** (target - control)) q[control], q[target];
  }
  h q[target];
}
c = measure q;
