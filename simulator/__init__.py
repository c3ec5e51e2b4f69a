"""A stand-in VOS3000 softswitch for the demo, the tests and the benchmarks."""
