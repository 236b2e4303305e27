// One layer of QAOA on a triangle; gamma and beta get their numbers by circuit.bind({"gamma": 0.4, "beta": 0.8}).
OPENQASM 3.0;
include "stdgates.inc";

input float gamma;
input float beta;
qubit[3] q;
bit[3] c;

gate cost(t) a, b {
  cx a, b;
  rz(t) b;
  cx a, b;
}

h q;
cost(gamma) q[0], q[1];
cost(gamma) q[1], q[2];
cost(gamma) q[0], q[2];
rx(2 * beta) q;
c = measure q;
