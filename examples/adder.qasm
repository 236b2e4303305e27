// Adds two numbers of two bits with a ripple of majority gates: 3 + 1 = 4, so total reads 4 (bits 001).
OPENQASM 2.0;
include "qelib1.inc";

gate majority a, b, c { cx c, b; cx c, a; ccx a, b, c; }
gate unmajority a, b, c { ccx a, b, c; cx c, a; cx a, b; }

qreg carry[1];
qreg a[2];
qreg b[2];
qreg over[1];
creg total[3];

x a[0];
x a[1];
x b[0];
majority carry[0], b[0], a[0];
majority a[0], b[1], a[1];
cx a[1], over[0];
unmajority a[0], b[1], a[1];
unmajority carry[0], b[0], a[0];
measure b[0] -> total[0];
measure b[1] -> total[1];
measure over[0] -> total[2];
