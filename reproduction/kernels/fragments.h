// The product that a tensor core computes for a warp, C (16 x 8) += A (16 x K) B (K x 8), its operands spread over
// the registers of the 32 threads.
//
// K is eight words of the depth: 16 values of half precision or bfloat16, two in a word, or 8 of tf32. With
// g = thread / 4 and t = thread % 4, a thread holds
//   a: words t of rows g and g + 8, words t + 4 of rows g and g + 8;   b: words t and t + 4 of column g;
//   c: columns 2 t and 2 t + 1 of row g, then of row g + 8.
#pragma once
#include "scalar.h"

#ifndef __CUDACC__
#include "host_fragments.h"  // the tests' own, in plain C
#elif SCALAR_NUMBER(SCALAR) == SCALAR___half && defined(__CUDA_ARCH__) && __CUDA_ARCH__ < 800
// Turing's are half as deep.
FUNCTION void multiply_half(float (&c)[4], unsigned a0, unsigned a1, unsigned b) {
  asm volatile("mma.sync.aligned.m16n8k8.row.col.f32.f16.f16.f32 {%0, %1, %2, %3}, {%4, %5}, {%6}, {%0, %1, %2, %3};"
               : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
               : "r"(a0), "r"(a1), "r"(b));
}
FUNCTION void multiply_fragments(float (&c)[4], const unsigned (&a)[4], const unsigned (&b)[2]) {
  multiply_half(c, a[0], a[1], b[0]);
  multiply_half(c, a[2], a[3], b[1]);
}
#else
#if SCALAR_NUMBER(SCALAR) == SCALAR___half
#define FRAGMENT_TYPES "m16n8k16.row.col.f32.f16.f16.f32"
#elif SCALAR_NUMBER(SCALAR) == SCALAR___nv_bfloat16
#define FRAGMENT_TYPES "m16n8k16.row.col.f32.bf16.bf16.f32"
#else
#define FRAGMENT_TYPES "m16n8k8.row.col.f32.tf32.tf32.f32"
#endif
FUNCTION void multiply_fragments(float (&c)[4], const unsigned (&a)[4], const unsigned (&b)[2]) {
  asm volatile("mma.sync.aligned." FRAGMENT_TYPES
               " {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
               : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
               : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
}
#endif
