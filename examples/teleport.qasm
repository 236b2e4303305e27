// Teleports the state U(0.3, 0.2, 0.1)|0> from q[0] to q[2], with feed-forward; out reads 1 with sin²(0.15).
OPENQASM 3.0;
include "stdgates.inc";

qubit[3] q;
bit[1] m0;
bit[1] m1;
bit[1] out;

U(0.3, 0.2, 0.1) q[0];
h q[1];
cx q[1], q[2];
barrier q;
cx q[0], q[1];
h q[0];
m0[0] = measure q[0];
m1[0] = measure q[1];
if (m1 == 1) x q[2];
if (m0 == 1) z q[2];
out[0] = measure q[2];
