// Tries until both ancillas read 0 (5 of 8 times): then the target was turned by rz(arccos(3/5)), a gate that
// Clifford+T cannot make exactly. Each failure applies z instead, which is undone. outcome reads 1 with 1/5.
OPENQASM 3.0;
include "stdgates.inc";

gate attempt a, b, t {
  h a;
  h b;
  ccx a, b, t;
  s t;
  ccx a, b, t;
  h a;
  h b;
}

qubit[2] ancilla;
qubit target;
bit[2] failed = "00";
bit outcome;

h target;
attempt ancilla[0], ancilla[1], target;
failed = measure ancilla;
@coratrix.max_iterations 200
while (failed != 0) {
  reset ancilla;
  z target;
  attempt ancilla[0], ancilla[1], target;
  failed = measure ancilla;
}
h target;
outcome = measure target;
