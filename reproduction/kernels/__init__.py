"""Operators of our own, each in plain torch, in C++ for the CPU and in CUDA.

A kernel is reached only as a torch operator `torch.ops.alexnet.NAME`, which a file of this room registers;
the C++ beside it (`NAME.cpp`) is compiled at first use by whatever C++ compiler there is (`native`), the
CUDA (`NAME.cu`) by NVRTC, which comes with torch. Where one of them is missing the plain torch of the same
file computes the same numbers, slower. What CPU and GPU compute alike stands in one header, `arithmetic.h`.
"""
