// What the sources for the GPU begin with: how their functions are marked, and the roots of arithmetic.h.
// The tests compile the same sources for the CPU, where memory shared by a block has to be declared otherwise.
#pragma once

#define FUNCTION static __device__ __forceinline__
#define FUNCTION_MEMBER __device__ __forceinline__
#ifndef DYNAMIC_SHARED
#define DYNAMIC_SHARED(Type, name) extern __shared__ Type name[]
#endif

typedef long long int64;  // a GPU's compiler has no <cstdint>

FUNCTION float inverse(float d) { return 1.0f / d; }
FUNCTION float inverse_root(float d) { return rsqrtf(d); }
FUNCTION float inverse_fourth_root(float d) { return sqrtf(rsqrtf(d)); }
FUNCTION float raised(float d, float power) { return powf(d, power); }
